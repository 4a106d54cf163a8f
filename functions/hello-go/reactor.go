//go:build wasip1 && reactor

package main

import "os"

// handle makes the same program a reactor: built with -buildmode=c-shared -tags reactor it starts
// once and is then called for each event.
//
//go:wasmexport handle
func handle() int32 {
	return int32(run(os.Stdin, os.Stdout, os.Stderr))
}
