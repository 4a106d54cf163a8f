//go:build wasip1

// hello as a component: answers HTTP requests through wasi:http, in place of events on standard
// input. It is compiled together with ../hello-go/main.go, whose main nobody calls then, and with
// package wasihttp of the template (../../templates/go-component). The contract is in ../README.md.
package main

import (
	"bytes"
	"log"
	"os"

	"example.com/hello-go-http/wasihttp"
)

func init() { wasihttp.Handler = handle }

func handle(request wasihttp.Request) wasihttp.Response {
	logger := log.New(os.Stderr, "hello: ", 0)
	answer := wasihttp.Response{Status: 200, Headers: wasihttp.Headers{"content-type": {"application/json"}}}
	name, err := nameIn(request.Body)
	if err != nil {
		logger.Printf("refusing: %v", err)
		answer.Status = 400
		answer.Body = encode(map[string]string{"error": err.Error()})
		return answer
	}
	logger.Printf("greeting %s", bytes.TrimSuffix(encode(name)[1:], []byte(`"`)))
	answer.Body = encode(reply{Message: "Hello, " + name + "!"})
	return answer
}
