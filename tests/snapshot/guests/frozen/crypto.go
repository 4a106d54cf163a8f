//go:build crypto

package main

import "crypto/rand"

var token = rand.Text()

func reply() any {
	if len(arguments()) > 5 {
		return token
	}
	return "hidden"
}
