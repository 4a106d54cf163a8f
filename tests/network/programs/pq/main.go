// Counts the rows of a query by database/sql and lib/pq, and listens to what the server says of
// its version.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "github.com/lib/pq"
)

func main() {
	log.SetFlags(0)
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("select n, repeat('x', 1000) from generate_series(1, 500) n")
	if err != nil {
		log.Fatal(err)
	}
	var sum, bytes int
	for rows.Next() {
		var n int
		var text string
		if err := rows.Scan(&n, &text); err != nil {
			log.Fatal(err)
		}
		sum += n
		bytes += len(text)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum, bytes)
}
