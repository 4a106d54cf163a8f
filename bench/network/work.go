// One event of bench/network.py: a plain-HTTP call, a PostgreSQL query, both or neither, each on a
// new connection.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5"
)

// "http" asks $UPSTREAM; "database" names the variable with the database's URL.
type event struct {
	HTTP     bool   `json:"http"`
	Database string `json:"database"`
}

func work(ctx context.Context, data []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	size, sum := 0, 0
	var err error
	if e.HTTP {
		size, err = call(os.Getenv("UPSTREAM"))
	}
	if err == nil && e.Database != "" {
		sum, err = query(ctx, os.Getenv(e.Database))
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"bytes": size, "sum": sum})
}

func call(url string) (int, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return len(body), err
}

func query(ctx context.Context, url string) (int, error) {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer db.Close(ctx)
	var sum int
	if err := db.QueryRow(ctx, "select sum(n) from generate_series(1, 100) n").Scan(&sum); err != nil {
		return 0, err
	}
	if sum != 5050 {
		return 0, fmt.Errorf("the database adds up to %d", sum)
	}
	return sum, nil
}
