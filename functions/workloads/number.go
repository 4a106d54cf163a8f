package main

import (
	"io"
	"os"
	"strconv"
)

// sizeFromStdin is the size of a workload: the digits that stdin begins with, or otherwise.
func sizeFromStdin(otherwise int) int {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return otherwise
	}
	end := 0
	for end < len(text) && end < 9 && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	number, err := strconv.Atoi(string(text[:end]))
	if err != nil {
		return otherwise
	}
	return number
}
