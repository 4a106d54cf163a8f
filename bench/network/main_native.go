//go:build !wasip1

// Natively it is a server: of events on /, as net/http serves them, and the web service that they
// ask: /upstream answers at once, /weather after $WAIT.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	wait, _ := time.ParseDuration(os.Getenv("WAIT"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		var reply []byte
		if err == nil {
			reply, err = work(r.Context(), event)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(reply)
	})
	http.HandleFunc("/upstream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"sky":"clear"}`)
	})
	http.HandleFunc("/weather", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(wait)
		w.Header().Set("Connection", "close")
		io.WriteString(w, `{"sky":"clear"}`)
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}
