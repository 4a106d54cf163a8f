module ferry.example/panic

go 1.24
