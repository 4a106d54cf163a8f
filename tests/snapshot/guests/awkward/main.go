// awkward has goroutines at work and a stack that is deep when it first reads, then reads again.
package main

import (
	"fmt"
	"io"
	"os"
)

func deep(depth int, read func() string) string {
	if depth == 0 {
		return read()
	}
	return deep(depth-1, read) + "."
}

func main() {
	work, sums := make(chan int), make(chan int)
	for worker := 0; worker < 4; worker++ {
		go func() {
			sum := 0
			for n := range work {
				sum += n
			}
			sums <- sum
		}()
	}
	for n := 1; n <= 100; n++ {
		work <- n // some of it before the first read
	}
	first := deep(20, func() string {
		piece := make([]byte, 3)
		n, _ := io.ReadFull(os.Stdin, piece)
		return string(piece[:n])
	})
	for n := 1; n <= 100; n++ {
		work <- n
	}
	close(work)
	total := 0
	for worker := 0; worker < 4; worker++ {
		total += <-sums
	}
	rest, _ := io.ReadAll(os.Stdin)
	fmt.Println(first, string(rest), total)
}
