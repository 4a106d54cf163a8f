// @NAME@ answers HTTP requests: handle gets one and returns the response. What goes to standard
// error is the log. `go test` runs it without WebAssembly; package wasihttp connects it.
package main

import (
	"encoding/json"
	"log"

	"example.com/@NAME@/wasihttp"
)

type event struct {
	Name string `json:"name"`
}

var logger = log.New(log.Writer(), "@NAME@: ", 0)

func handle(request wasihttp.Request) wasihttp.Response {
	var e event
	if err := json.Unmarshal(request.Body, &e); err != nil {
		logger.Printf("the event is not valid JSON: %v", err)
		return reply(400, map[string]string{"error": "the event is not valid JSON"})
	}
	if e.Name == "" {
		e.Name = "world"
	}
	logger.Printf("greeting %s", e.Name)
	return reply(200, map[string]string{"message": "Hello, " + e.Name + "!"})
}

func reply(status int, value map[string]string) wasihttp.Response {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return wasihttp.Response{
		Status:  status,
		Headers: wasihttp.Headers{"content-type": {"application/json"}},
		Body:    body,
	}
}
