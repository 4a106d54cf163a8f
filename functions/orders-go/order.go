package main

import (
	"fmt"
	"regexp"
)

const (
	maxLines    = 1000
	maxQuantity = 9999
)

// Order is what a shop sends. Money and rates are decimal strings, never JSON numbers: most JSON
// readers make binary fractions of those, which can't hold a tenth.
type Order struct {
	ID       string `json:"id"`
	Currency string `json:"currency"`
	Lines    []Line `json:"lines"`
}

// Line is one article of an order. TaxRate is a fraction ("0.19"), left out for none.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int    `json:"quantity"`
	UnitPrice string `json:"unit_price"`
	TaxRate   string `json:"tax_rate,omitempty"`
}

// Bill is the answer. Net + Tax = Total, exactly.
type Bill struct {
	ID       string `json:"id"`
	Currency string `json:"currency"`
	Items    int    `json:"items"`
	Net      string `json:"net"`
	Tax      string `json:"tax"`
	Total    string `json:"total"`
}

// minorUnits: how many decimals each currency that we sell in has (ISO 4217).
var minorUnits = map[string]int{
	"CHF": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3, "USD": 2,
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// label names the order in the log even when its id is not fit to be logged.
func (o *Order) label() string {
	if identifier.MatchString(o.ID) {
		return o.ID
	}
	return "an order without a valid id"
}

// check gives every reason why the order can't be taken; none if it can.
func (o *Order) check() []string {
	var problems []string
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf(format, args...))
	}
	if !identifier.MatchString(o.ID) {
		add("id %q is not 1 to 64 letters, digits, dots, dashes or underscores", o.ID)
	}
	units, known := minorUnits[o.Currency]
	if !known {
		add("currency %q is not one we sell in", o.Currency)
	}
	if len(o.Lines) < 1 || len(o.Lines) > maxLines {
		add("%d lines; an order has 1 to %d", len(o.Lines), maxLines)
		return problems
	}
	for i, line := range o.Lines {
		if !identifier.MatchString(line.SKU) {
			add("line %d: sku %q is not an article number", i+1, line.SKU)
		}
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			add("line %d: quantity %d is not from 1 to %d", i+1, line.Quantity, maxQuantity)
		}
		if _, err := parseDecimal(line.UnitPrice, units); known && err != nil {
			add("line %d: unit_price %v", i+1, err)
		}
		if _, err := line.rate(); err != nil {
			add("line %d: tax_rate %v", i+1, err)
		}
	}
	return problems
}

// rate is the line's tax rate; at most 1.
func (l *Line) rate() (decimal, error) {
	if l.TaxRate == "" {
		return newDecimal(0, 0), nil
	}
	rate, err := parseDecimal(l.TaxRate, 4)
	if err == nil && rate.isMoreThanOne() {
		err = fmt.Errorf("%q is more than 1", l.TaxRate)
	}
	return rate, err
}

// total adds up an order that check has found nothing wrong with. Tax is rounded once a line, to
// the currency's smallest unit.
func (o *Order) total(decide func(string)) Bill {
	units := minorUnits[o.Currency]
	net, tax := newDecimal(0, units), newDecimal(0, units)
	items := 0
	for i, line := range o.Lines {
		price, _ := parseDecimal(line.UnitPrice, units)
		rate, _ := line.rate()
		lineNet := price.times(newDecimal(int64(line.Quantity), 0), units)
		lineTax := lineNet.times(rate, units)
		decide(fmt.Sprintf("line %d: %d x %s at %s = %s %s, tax %s", i+1, line.Quantity, line.SKU,
			price, lineNet, o.Currency, lineTax))
		net, tax = net.plus(lineNet), tax.plus(lineTax)
		items += line.Quantity
	}
	total := net.plus(tax)
	decide(fmt.Sprintf("accepted: %d items, %s %s", items, total, o.Currency))
	return Bill{o.ID, o.Currency, items, net.String(), tax.String(), total.String()}
}
