// Package wasihttp connects a Go function with wasi:http 0.2 (../wit): what a function sees of a
// request, and what it answers.
package wasihttp

// Headers by name, in lower case.
type Headers map[string][]string

type Request struct {
	Method  string
	Path    string // with the query
	Headers Headers
	Body    []byte
}

type Response struct {
	Status  int
	Headers Headers
	Body    []byte
}

// Handler answers each request. Set it in an init function.
var Handler func(Request) Response
