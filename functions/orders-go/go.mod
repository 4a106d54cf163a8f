module ferry.example/orders

go 1.24
