module example.com/feed-go-http

go 1.24
