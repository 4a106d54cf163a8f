module example/snapshot

go 1.24
