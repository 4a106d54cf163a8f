package main

import (
	"bytes"
	"io"
	"log"
	"strings"
	"testing"
)

func TestHandle(t *testing.T) {
	const in = `@EXAMPLE@`
	const want = `@REPLY@`
	var out bytes.Buffer
	if err := handle(strings.NewReader(in), &out, log.New(io.Discard, "", 0)); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("handle(%s) = %s; want %s", in, out.String(), want)
	}
	for _, other := range []string{"not JSON", "{}", "[]", "7"} {
		if err := handle(strings.NewReader(other), io.Discard, log.New(io.Discard, "", 0)); err == nil {
			t.Errorf("handle accepted %s", other)
		}
	}
}
