package main

import (
	"testing"

	"example.com/@NAME@/wasihttp"
)

func TestHandle(t *testing.T) {
	cases := []struct {
		name, in string
		status   int
		out      string
	}{
		{"a name", `{"name":"Ada"}`, 200, `{"message":"Hello, Ada!"}`},
		{"no name", `{}`, 200, `{"message":"Hello, world!"}`},
		{"not JSON", `not JSON`, 400, `{"error":"the event is not valid JSON"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := handle(wasihttp.Request{Method: "POST", Path: "/", Body: []byte(c.in)})
			if got.Status != c.status || string(got.Body) != c.out {
				t.Errorf("handle(%s) = %d %s; want %d %s", c.in, got.Status, got.Body, c.status, c.out)
			}
		})
	}
}
