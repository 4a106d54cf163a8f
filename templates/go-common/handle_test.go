package main

import (
	"bytes"
	"io"
	"log"
	"strings"
	"testing"
)

func TestHandle(t *testing.T) {
	cases := []struct{ name, in, out string }{
		{"a name", `{"name":"Ada"}`, `{"message":"Hello, Ada!"}`},
		{"no name", `{}`, `{"message":"Hello, world!"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := handle(strings.NewReader(c.in), &out, log.New(io.Discard, "", 0)); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.out {
				t.Errorf("handle(%s) = %s; want %s", c.in, out.String(), c.out)
			}
		})
	}
	if err := handle(strings.NewReader("not JSON"), io.Discard, log.New(io.Discard, "", 0)); err == nil {
		t.Error("handle accepted an event that is not JSON")
	}
}
