package main

import (
	"context"
	"io"
	"log"
	"os"
)

func main() {
	event, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	reply, err := work(context.Background(), event)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(reply)
}
