// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. A result other than 0 is a failed event. Every event meets
// the state after start-up: what one event changes, the next does not see.
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {} // a reactor starts once and is then called for each event

//go:wasmexport handle
func handleEvent() int32 {
	if err := handle(os.Stdin, os.Stdout, log.New(os.Stderr, "@NAME@: ", 0)); err != nil {
		fmt.Fprintf(os.Stderr, "@NAME@: %v\n", err)
		return 1
	}
	return 0
}
