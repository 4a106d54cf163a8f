package main

import "testing"

func TestParseDecimal(t *testing.T) {
	good := map[string]string{
		"0": "0.00", "7": "7.00", "7.5": "7.50", "0.05": "0.05", "007.10": "7.10",
		"999999999999.99": "999999999999.99",
	}
	for in, want := range good {
		got, err := parseDecimal(in, 2)
		if err != nil || got.String() != want {
			t.Errorf("parseDecimal(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1 ", "1,50", "0x10",
		"1.234", "1234567890123", "١", "1.2.3", "NaN"} {
		if got, err := parseDecimal(in, 2); err == nil {
			t.Errorf("parseDecimal(%q) = %v; want an error", in, got)
		}
	}
}

func TestTimesRoundsHalfToEven(t *testing.T) {
	cases := []struct{ a, rate, want string }{
		{"0.10", "0.05", "0.00"}, // 0.0050
		{"0.30", "0.05", "0.02"}, // 0.0150
		{"0.50", "0.05", "0.02"}, // 0.0250
		{"0.51", "0.05", "0.03"}, // 0.0255
		{"1.00", "0.19", "0.19"},
		{"0.00", "1", "0.00"},
		{"999999999999.99", "1", "999999999999.99"},
	}
	for _, c := range cases {
		a, _ := parseDecimal(c.a, 2)
		rate, _ := parseDecimal(c.rate, 4)
		if got := a.times(rate, 2).String(); got != c.want {
			t.Errorf("%s x %s = %s; want %s", c.a, c.rate, got, c.want)
		}
	}
}
