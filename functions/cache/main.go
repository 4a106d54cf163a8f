// cache: counts, in Redis, how often each name was seen. Ordinary Go with go-redis; the manifest
// says which server it may reach (docs/network.md).
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

func main() {
	log.SetFlags(0)
	name, err := io.ReadAll(io.LimitReader(os.Stdin, 256))
	if err != nil {
		log.Fatal(err)
	}
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatalf("REDIS_URL: %v", err)
	}
	options.DisableIndentity = true
	client := redis.NewClient(options)
	defer client.Close()
	seen, err := client.Incr(context.Background(), "seen:"+strings.TrimSpace(string(name))).Result()
	if err != nil {
		log.Fatalf("count: %v", err)
	}
	fmt.Printf("{\"name\":%q,\"seen\":%d}\n", strings.TrimSpace(string(name)), seen)
}
