// hello greets whoever the event names: {"name":"Ada"} is answered {"message":"Hello, Ada!"}.
//
// It is an ordinary Go program. The event's data comes on standard input, the reply goes to
// standard output, the log to standard error, and an exit status other than 0 is a failure.
// The same function is written in C, C++ and Rust next door (../README.md has the contract).
package main

import (
	"bytes"
	"encoding/json"
	"errors"
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

func main() {
	os.Exit(run(os.Stdin, os.Stdout, os.Stderr))
}

// run answers one event and gives the exit status.
func run(in io.Reader, out, logTo io.Writer) int {
	logger := log.New(logTo, "hello: ", 0)
	data, err := io.ReadAll(in)
	if err != nil {
		logger.Printf("refusing: the event cannot be read: %v", err)
		return 1
	}
	name, err := nameIn(data)
	if err != nil {
		logger.Printf("refusing: %v", err)
		return 1
	}
	// The name comes from a stranger: encoded, it cannot forge a second log line.
	logger.Printf("greeting %s", bytes.TrimSuffix(encode(name)[1:], []byte(`"`)))
	if _, err := out.Write(encode(reply{Message: "Hello, " + name + "!"})); err != nil {
		logger.Printf("the reply cannot be written: %v", err)
		return 1
	}
	return 0
}

// nameIn finds who is to be greeted. No data at all, or no name in it, means the world.
func nameIn(data []byte) (string, error) {
	e := event{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &e); err != nil {
			return "", reason(err)
		}
	}
	if e.Name == "" {
		return "world", nil
	}
	return e.Name, nil
}

// reason puts an error of encoding/json in the words that the other languages use too.
func reason(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return errors.New("the event is not valid JSON")
	case wrong.Field == "":
		return errors.New("the event is not a JSON object")
	default:
		return errors.New("the event's name is not a string")
	}
}

// encode writes v as JSON, with <, > and & as they are and no line's end.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // no string and no struct of strings can fail
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
