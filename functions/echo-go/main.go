// echo answers a CloudEvent with a CloudEvent: the same attributes and data, and a type that ends
// in ".echo". It shows a function that works on whole events (ferry.toml beside it), and it is
// what the official CloudEvents SDKs talk to in tests/interop.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo: ")
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatalf("refusing: %v", err)
	}
}

func run(in io.Reader, out io.Writer) error {
	// Values are kept as they are written: a number keeps all its digits.
	var event map[string]json.RawMessage
	if err := json.NewDecoder(in).Decode(&event); err != nil {
		return err
	}
	var kind string
	if err := json.Unmarshal(event["type"], &kind); err != nil || kind == "" {
		return errors.New("the event has no type")
	}
	reply, err := json.Marshal(kind + ".echo")
	if err != nil {
		return err
	}
	event["type"] = reply
	log.Printf("answering an event of type %q", kind)
	return json.NewEncoder(out).Encode(event)
}
