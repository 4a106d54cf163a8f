// The native peer: hello as a plain Go program on net/http, nothing of ours in it.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func hello(w http.ResponseWriter, r *http.Request) {
	event := struct {
		Name string `json:"name"`
	}{}
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, &event)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply, err := json.Marshal(map[string]string{"message": "Hello, " + event.Name + "!"})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(reply)
}

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(hello)))
}
