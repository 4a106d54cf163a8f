package main

import (
	"fmt"
	"math/big"
	"strings"
)

// maxDigits bounds a decimal that comes from outside, before its point.
const maxDigits = 12

// decimal is an exact decimal fraction: units / 10^scale.
type decimal struct {
	units *big.Int
	scale int
}

func newDecimal(units int64, scale int) decimal {
	return decimal{big.NewInt(units), scale}
}

// parseDecimal reads digits, and after a point up to `scale` more. No sign, no exponent, no spaces.
func parseDecimal(text string, scale int) (decimal, error) {
	whole, fraction, point := strings.Cut(text, ".")
	if !isDigits(whole) || (point && !isDigits(fraction)) {
		return decimal{}, fmt.Errorf("%q is not a decimal number such as \"12.50\"", text)
	}
	if len(whole) > maxDigits {
		return decimal{}, fmt.Errorf("%q has more than %d digits", text, maxDigits)
	}
	if len(fraction) > scale {
		return decimal{}, fmt.Errorf("%q has more than %d decimals", text, scale)
	}
	units, _ := new(big.Int).SetString(whole+fraction+strings.Repeat("0", scale-len(fraction)), 10)
	return decimal{units, scale}, nil
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// plus needs both to have one scale.
func (d decimal) plus(other decimal) decimal {
	return decimal{new(big.Int).Add(d.units, other.units), d.scale}
}

// times multiplies and rounds to `scale` decimals, a half to the even neighbour, as banks do.
func (d decimal) times(other decimal, scale int) decimal {
	product := new(big.Int).Mul(d.units, other.units)
	drop := d.scale + other.scale - scale
	divisor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(drop)), nil)
	quotient, rest := new(big.Int).QuoRem(product, divisor, new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(divisor)
	if half > 0 || (half == 0 && quotient.Bit(0) == 1) {
		quotient.Add(quotient, big.NewInt(1))
	}
	return decimal{quotient, scale}
}

func (d decimal) isMoreThanOne() bool {
	one := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil)
	return d.units.Cmp(one) > 0
}

func (d decimal) String() string {
	digits := fmt.Sprintf("%0*s", d.scale+1, d.units.String())
	if d.scale == 0 {
		return digits
	}
	point := len(digits) - d.scale
	return digits[:point] + "." + digits[point:]
}
