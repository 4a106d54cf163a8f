module ferry.test/network

go 1.24

require (
	github.com/go-sql-driver/mysql v1.9.0
	github.com/lib/pq v1.12.3
	github.com/nats-io/nats.go v1.39.1
)

require (
	filippo.io/edwards25519 v1.1.0 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/nats-io/nkeys v0.4.9 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	golang.org/x/crypto v0.31.0 // indirect
	golang.org/x/sys v0.28.0 // indirect
)
