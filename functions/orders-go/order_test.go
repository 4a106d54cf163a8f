package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func answer(t *testing.T, in string) (status int, out, log string) {
	t.Helper()
	var o, l bytes.Buffer
	status = run(strings.NewReader(in), &o, &l)
	return status, o.String(), l.String()
}

func TestGoodOrder(t *testing.T) {
	event, err := os.ReadFile("events/good.json")
	if err != nil {
		t.Fatal(err)
	}
	status, out, log := answer(t, string(event))
	// 12.50 x 0.19 is 2.375: to the even cent.
	wantOut := `{"id":"A-1001","currency":"EUR","items":5,"net":"80.30","tax":"3.63","total":"83.93"}`
	wantLog := `orders: A-1001: line 1: 2 x TEA-EARL-GREY at 8.90 = 17.80 EUR, tax 1.25
orders: A-1001: line 2: 1 x MUG.BLUE at 12.50 = 12.50 EUR, tax 2.38
orders: A-1001: line 3: 2 x GIFT_CARD at 25.00 = 50.00 EUR, tax 0.00
orders: A-1001: accepted: 5 items, 83.93 EUR
`
	if status != 0 || out != wantOut || log != wantLog {
		t.Errorf("status %d, reply %s, log\n%s", status, out, log)
	}
}

func TestBadOrders(t *testing.T) {
	line := `{"sku":"TEA","quantity":1,"unit_price":"1.00"}`
	order := func(id, currency, lines string) string {
		return `{"id":"` + id + `","currency":"` + currency + `","lines":[` + lines + `]}`
	}
	cases := map[string]struct{ in, reason string }{
		"nothing":           {"", "the event is not a JSON object"},
		"an array":          {"[]", "the event is not a JSON object"},
		"null":              {"null", "the event is not a JSON object"},
		"half of one":       {`{"id":`, "the event is not valid JSON: unexpected end of JSON input"},
		"two of them":       {`{} {}`, "the event is not valid JSON: invalid character '{' after top-level value"},
		"a number for id":   {`{"id":7}`, "id cannot be the number that it is"},
		"half an article":   {order("A", "EUR", `{"quantity":1.5}`), "lines.quantity cannot be the number 1.5 that it is"},
		"no id":             {order("", "EUR", line), `id "" is not 1 to 64`},
		"a forged log line": {order(`A\norders: B: accepted`, "EUR", line), `id "A\norders: B: accepted" is not`},
		"an odd currency":   {order("A", "eur", line), `currency "eur" is not one we sell in`},
		"no lines":          {order("A", "EUR", ""), "0 lines; an order has 1 to 1000"},
		"too many lines":    {order("A", "EUR", strings.Repeat(line+",", 1000)+line), "1001 lines"},
		"no sku":            {order("A", "EUR", `{"quantity":1,"unit_price":"1"}`), `line 1: sku "" is not`},
		"no quantity":       {order("A", "EUR", `{"sku":"T","unit_price":"1"}`), "line 1: quantity 0 is not from 1"},
		"too many":          {order("A", "EUR", `{"sku":"T","quantity":10000,"unit_price":"1"}`), "line 1: quantity 10000"},
		"no price":          {order("A", "EUR", line+`,{"sku":"T","quantity":1}`), `line 2: unit_price "" is not a decimal`},
		"a negative price":  {order("A", "EUR", `{"sku":"T","quantity":1,"unit_price":"-1"}`), `line 1: unit_price "-1" is not`},
		"half a yen":        {order("A", "JPY", `{"sku":"T","quantity":1,"unit_price":"0.5"}`), `line 1: unit_price "0.5" has more than 0 decimals`},
		"too much tax":      {order("A", "EUR", `{"sku":"T","quantity":1,"unit_price":"1","tax_rate":"1.0001"}`), `line 1: tax_rate "1.0001" is more than 1`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, out, log := answer(t, c.in)
			if status != 1 || out != "" || !strings.Contains(log, "rejected: "+c.reason) {
				t.Errorf("status %d, reply %q, log %q; want 1, none, %q", status, out, log, c.reason)
			}
		})
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	_, _, log := answer(t, `{"id":"A","currency":"XXX","lines":[{},{"sku":"T","quantity":-1,"unit_price":"1"}]}`)
	if got := strings.Count(log, "orders: A: rejected: "); got != 4 {
		t.Errorf("%d problems told, want 4:\n%s", got, log)
	}
}

func TestLargestOrderIsExact(t *testing.T) {
	lines := strings.Repeat(`{"sku":"T","quantity":9999,"unit_price":"999999999999.99"},`, 1000)
	status, out, _ := answer(t, `{"id":"A","currency":"USD","lines":[`+strings.TrimSuffix(lines, ",")+`]}`)
	want := `"net":"9998999999999900010.00"`
	if status != 0 || !strings.Contains(out, want) {
		t.Errorf("status %d, reply %s; want %s in it", status, out, want)
	}
}
