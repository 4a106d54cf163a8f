// The least an OpenWhisk action proxy can be, with the function compiled in: what a native Go
// action is measured as.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

const mark = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

type run struct {
	Value map[string]any `json:"value"`
}

func answer(w http.ResponseWriter, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body)
}

func main() {
	http.HandleFunc("/init", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]bool{"ok": true})
	})
	http.HandleFunc("/run", func(w http.ResponseWriter, r *http.Request) {
		var in run
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if seconds, ok := in.Value["hold"].(float64); ok {
			time.Sleep(time.Duration(seconds * float64(time.Second)))
		}
		name, ok := in.Value["name"].(string)
		if !ok {
			name = "World"
		}
		answer(w, map[string]string{"message": "Hello, " + name + "!"})
		fmt.Println(mark)
		fmt.Fprintln(os.Stderr, mark)
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
