// Multiplies two square matrices of doubles, row by column.
package main

import "fmt"

func main() {
	n := sizeFromStdin(200)
	a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	for i := range a {
		a[i] = float64(i%7) + 0.5
		b[i] = float64(i%5) - 0.25
	}
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			sum := 0.0
			for k := 0; k < n; k++ {
				sum += a[i*n+k] * b[k*n+j]
			}
			c[i*n+j] = sum
		}
	}
	trace := 0.0
	for i := 0; i < n; i++ {
		trace += c[i*n+i]
	}
	fmt.Println(int64(trace * 8))
}
