module ferry.example/echo

go 1.24
