package main

import (
	"strings"
	"testing"
)

func TestTypeChangesAndNothingElse(t *testing.T) {
	var out strings.Builder
	in := `{"specversion":"1.0","id":"1","source":"/s","type":"t","n":12345678901234567890.10,"data":[1.50]}`
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	want := `{"data":[1.50],"id":"1","n":12345678901234567890.10,"source":"/s","specversion":"1.0","type":"t.echo"}` + "\n"
	if out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}

func TestRefusesWhatIsNoEvent(t *testing.T) {
	for _, in := range []string{"", "[]", "{}", `{"type":1}`, `{"type":""}`} {
		var out strings.Builder
		if err := run(strings.NewReader(in), &out); err == nil {
			t.Errorf("%q was answered %q", in, out.String())
		}
	}
}
