// Counts the primes below a number by trial division.
package main

import "fmt"

func isPrime(n uint32) bool {
	if n < 2 {
		return false
	}
	for d := uint32(2); d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}

func main() {
	below := uint32(sizeFromStdin(300000))
	count := 0
	for n := uint32(0); n < below; n++ {
		if isPrime(n) {
			count++
		}
	}
	fmt.Println(count)
}
