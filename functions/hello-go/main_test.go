package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	cases := []struct {
		name, in, out, log string
		status             int
	}{
		{"a name", `{"name":"Ada"}`, `{"message":"Hello, Ada!"}`, "hello: greeting Ada\n", 0},
		{"no data", ``, `{"message":"Hello, world!"}`, "hello: greeting world\n", 0},
		{"no name", `{}`, `{"message":"Hello, world!"}`, "hello: greeting world\n", 0},
		{"an empty name", `{"name":""}`, `{"message":"Hello, world!"}`, "hello: greeting world\n", 0},
		{"null", `null`, `{"message":"Hello, world!"}`, "hello: greeting world\n", 0},
		{"a null name", `{"name":null}`, `{"message":"Hello, world!"}`, "hello: greeting world\n", 0},
		{"a forged log line", `{"name":"a\nhello: \"b\""}`,
			`{"message":"Hello, a\nhello: \"b\"!"}`, `hello: greeting a\nhello: \"b\"` + "\n", 0},
		{"surrogates", `{"name":"\ud83d\ude00 \ud800"}`,
			"{\"message\":\"Hello, \U0001f600 \ufffd!\"}", "hello: greeting \U0001f600 \ufffd\n", 0},
		{"markup", `{"name":"<&>"}`, `{"message":"Hello, <&>!"}`, "hello: greeting <&>\n", 0},
		{"other members", `{"id":[1,{"name":"no"}],"name":"Ada","x":1e3}`,
			`{"message":"Hello, Ada!"}`, "hello: greeting Ada\n", 0},
		{"not JSON", `{"name":`, "", "hello: refusing: the event is not valid JSON\n", 1},
		{"two values", `{} {}`, "", "hello: refusing: the event is not valid JSON\n", 1},
		{"an array", `["Ada"]`, "", "hello: refusing: the event is not a JSON object\n", 1},
		{"a number for a name", `{"name":1}`, "",
			"hello: refusing: the event's name is not a string\n", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, log bytes.Buffer
			status := run(strings.NewReader(c.in), &out, &log)
			if status != c.status || out.String() != c.out || log.String() != c.log {
				t.Errorf("run(%q) = %d, %q, log %q; want %d, %q, log %q", c.in, status,
					out.String(), log.String(), c.status, c.out, c.log)
			}
		})
	}
}
