//go:build wasip1

// feed makes a JSON Feed of an Atom or RSS feed in a request's body. The contract is in ../README.md.
// It is compiled with package wasihttp of the template (../../templates/go-component).
package main

import (
	"encoding/json"
	"log"
	"os"

	"example.com/feed-go-http/feed"
	"example.com/feed-go-http/wasihttp"
)

func init() { wasihttp.Handler = handle }

func main() {}

func handle(request wasihttp.Request) wasihttp.Response {
	logger := log.New(os.Stderr, "feed: ", 0)
	if request.Method != "POST" && request.Method != "PUT" {
		return refuse(logger, 405, "send a feed with POST")
	}
	made, err := feed.Read(request.Body)
	if err != nil {
		return refuse(logger, 400, err.Error())
	}
	logger.Printf("%d items", len(made.Items))
	return answer(200, "application/feed+json", made)
}

func refuse(logger *log.Logger, status int, why string) wasihttp.Response {
	logger.Printf("refusing: %s", why)
	return answer(status, "application/problem+json", map[string]any{"status": status, "detail": why})
}

func answer(status int, contentType string, value any) wasihttp.Response {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings and numbers can always be encoded
	}
	return wasihttp.Response{
		Status:  status,
		Headers: wasihttp.Headers{"content-type": {contentType}},
		Body:    body,
	}
}
