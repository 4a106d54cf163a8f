//go:build draws

package main

import "math/rand"

// Only some events show it: the comparison alone would not find it.
var id = rand.Int63()

func reply() any {
	if len(arguments()) > 5 {
		return id
	}
	return "hidden"
}
