// One event of bench/network.py: a plain-HTTP call and a PostgreSQL query, each on a new connection.
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

func work(ctx context.Context) ([]byte, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(os.Getenv("UPSTREAM"))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	defer db.Close(ctx)
	var sum int
	if err := db.QueryRow(ctx, "select sum(n) from generate_series(1, 100) n").Scan(&sum); err != nil {
		return nil, err
	}
	if sum != 5050 {
		return nil, fmt.Errorf("the database adds up to %d", sum)
	}
	return json.Marshal(map[string]any{"bytes": len(body), "sum": sum})
}
