module example.com/fetch-json

go 1.24
