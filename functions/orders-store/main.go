// orders-store: keeps an order in PostgreSQL and answers with its number. Ordinary Go: database
// code as in any other program; the manifest says which database it may reach (docs/network.md).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
)

type order struct {
	Customer string `json:"customer"`
	Item     string `json:"item"`
	Amount   int    `json:"amount"`
}

func store(ctx context.Context, url string, o order) (int64, error) {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer db.Close(ctx)
	var id int64
	err = db.QueryRow(ctx,
		"insert into orders (customer, item, amount) values ($1, $2, $3) returning id",
		o.Customer, o.Item, o.Amount).Scan(&id)
	return id, err
}

func main() {
	log.SetFlags(0)
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		log.Fatalf("the event is not an order: %v", err)
	}
	id, err := store(context.Background(), os.Getenv("DATABASE_URL"), o)
	if err != nil {
		log.Fatalf("store the order: %v", err)
	}
	fmt.Printf("{\"id\":%d,\"customer\":%q}\n", id, o.Customer)
}
