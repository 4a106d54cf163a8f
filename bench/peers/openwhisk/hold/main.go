// A function that is at work for a while: 100 of them at once are counted in memory.
package main

import (
	"encoding/json"
	"os"
	"time"
)

func main() {
	var in struct {
		Hold float64 `json:"hold"`
		Name string  `json:"name"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		os.Exit(1)
	}
	time.Sleep(time.Duration(in.Hold * float64(time.Second)))
	json.NewEncoder(os.Stdout).Encode(map[string]string{"message": "Hello, " + in.Name + "!"})
}
