// @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
// the log to standard error. A result other than 0 is a failed event. Every event meets
// the state after start-up: what one event changes, the next does not see.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
)

type event struct {
	Name string `json:"name"`
}

type reply struct {
	Message string `json:"message"`
}

func main() {} // a reactor starts once and is then called for each event

//go:wasmexport handle
func handleEvent() int32 {
	if err := handle(os.Stdin, os.Stdout, log.New(os.Stderr, "@NAME@: ", 0)); err != nil {
		fmt.Fprintf(os.Stderr, "@NAME@: %v\n", err)
		return 1
	}
	return 0
}

func handle(in io.Reader, out io.Writer, logger *log.Logger) error {
	var e event
	if err := json.NewDecoder(in).Decode(&e); err != nil {
		return fmt.Errorf("the event is not valid JSON: %w", err)
	}
	if e.Name == "" {
		e.Name = "world"
	}
	logger.Printf("greeting %s", e.Name)
	data, err := json.Marshal(reply{Message: "Hello, " + e.Name + "!"})
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}
