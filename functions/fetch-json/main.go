// fetch-json: gets a JSON document over HTTP or HTTPS and answers with one of its fields. Go's own
// net/http, nothing else; the manifest says which hosts it may ask (docs/network.md).
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

type event struct {
	URL   string `json:"url"`
	Field string `json:"field"`
}

func main() {
	log.SetFlags(0)
	var e event
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		log.Fatalf("the event is not {\"url\":…,\"field\":…}: %v", err)
	}
	answer, err := http.Get(e.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("%s answered %s", e.URL, answer.Status)
	}
	var document map[string]json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 4<<20)).Decode(&document); err != nil {
		log.Fatalf("%s: %v", e.URL, err)
	}
	value, found := document[e.Field]
	if !found {
		log.Fatalf("%s has no field %q", e.URL, e.Field)
	}
	fmt.Println(string(value))
}
