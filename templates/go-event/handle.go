package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
)

type reply struct {
@GO_TYPES@}

// handle answers @WHAT@.
func handle(in io.Reader, out io.Writer, logger *log.Logger) error {
	var event any
	if err := json.NewDecoder(in).Decode(&event); err != nil {
		return fmt.Errorf("the event is not valid JSON: %w", err)
	}
	found := reply{
@GO_VALUES@	}
	if found.@GO_FIRST@ == "" {
		return errors.New("the event is not @WHAT@")
	}
	logger.Printf("@WHAT@: %+v", found)
	data, err := json.Marshal(found)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

// at returns the string at a path of names in a JSON document, or "".
func at(value any, path ...string) string {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}
