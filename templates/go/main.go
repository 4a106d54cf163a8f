// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. An exit status other than 0 is a failed event.
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	if err := handle(os.Stdin, os.Stdout, log.New(os.Stderr, "@NAME@: ", 0)); err != nil {
		fmt.Fprintf(os.Stderr, "@NAME@: %v\n", err)
		os.Exit(1)
	}
}
