package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
)

type event struct {
	Name string `json:"name"`
}

type reply struct {
	Message string `json:"message"`
}

func handle(in io.Reader, out io.Writer, logger *log.Logger) error {
	var e event
	if err := json.NewDecoder(in).Decode(&e); err != nil {
		return fmt.Errorf("the event is not valid JSON: %w", err)
	}
	if e.Name == "" {
		e.Name = "world"
	}
	logger.Printf("greeting %s", e.Name)
	data, err := json.Marshal(reply{Message: "Hello, " + e.Name + "!"})
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}
