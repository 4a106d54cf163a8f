// Writes and reads a row of MariaDB in one transaction.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "github.com/go-sql-driver/mysql"
)

func main() {
	log.SetFlags(0)
	db, err := sql.Open("mysql", os.Getenv("MARIADB_DSN"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	transaction, err := db.Begin()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := transaction.Exec("insert into notes (text) values (?)", "grüße"); err != nil {
		log.Fatal(err)
	}
	var text string
	if err := transaction.QueryRow("select text from notes").Scan(&text); err != nil {
		log.Fatal(err)
	}
	if err := transaction.Commit(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(text)
}
