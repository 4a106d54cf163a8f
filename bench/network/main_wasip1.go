package main

import (
	"context"
	"log"
	"os"
)

func main() {
	reply, err := work(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(reply)
}
