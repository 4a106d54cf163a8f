// orders takes an order as a JSON event, checks it, adds it up to the last cent and answers with
// the totals. Each decision is a line on standard error. A bad order is a failure: every reason is
// logged, nothing is answered, and the exit status is 1.
//
// events/ has orders to try it with; ../README.md has the contract.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
)

func main() {
	os.Exit(run(os.Stdin, os.Stdout, os.Stderr))
}

// run answers one event and gives the exit status.
func run(in io.Reader, out, logTo io.Writer) int {
	logger := log.New(logTo, "orders: ", 0)
	data, err := io.ReadAll(in)
	if err != nil {
		logger.Printf("rejected: the event cannot be read: %v", err)
		return 1
	}
	order, err := decode(data)
	if err != nil {
		logger.Printf("rejected: %v", err)
		return 1
	}
	if problems := order.check(); len(problems) > 0 {
		for _, problem := range problems {
			logger.Printf("%s: rejected: %s", order.label(), problem)
		}
		return 1
	}
	bill := order.total(func(decision string) { logger.Printf("%s: %s", order.ID, decision) })
	answer, err := json.Marshal(bill)
	if err == nil {
		_, err = out.Write(answer)
	}
	if err != nil {
		logger.Printf("%s: the reply cannot be written: %v", order.ID, err)
		return 1
	}
	return 0
}

// decode reads exactly one JSON object. Members we don't know are let pass: orders grow.
func decode(data []byte) (*Order, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return nil, errors.New("the event is not a JSON object")
	}
	order := &Order{}
	err := json.Unmarshal(data, order)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%s cannot be the %s that it is", wrong.Field, wrong.Value)
	}
	if err != nil {
		return nil, fmt.Errorf("the event is not valid JSON: %w", err)
	}
	return order, nil
}
