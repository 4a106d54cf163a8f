module ferry.example/hello

go 1.24
