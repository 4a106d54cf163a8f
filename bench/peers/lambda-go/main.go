// hello as a native Lambda function: the same contract as functions/hello-go, on AWS's own library.
package main

import (
	"context"
	"errors"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	Name string `json:"name"`
}

type reply struct {
	Message string `json:"message"`
}

func hello(_ context.Context, in event) (reply, error) {
	if in.Name == "" {
		return reply{}, errors.New("the event has no name")
	}
	log.Printf("greeting %s", in.Name)
	return reply{Message: "Hello, " + in.Name + "!"}, nil
}

func main() {
	lambda.Start(hello)
}
