// Publishes to a NATS subject that it is subscribed to, and asks a question that it answers itself.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

func main() {
	log.SetFlags(0)
	server, err := nats.Connect(os.Getenv("NATS_URL"), nats.Timeout(5*time.Second))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if _, err := server.Subscribe("double", func(m *nats.Msg) {
		m.Respond(append(m.Data, m.Data...))
	}); err != nil {
		log.Fatal(err)
	}
	answer, err := server.Request("double", []byte("ab"), 5*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer.Data))
}
