// Bubble sort of numbers in a fixed disorder.
package main

import "fmt"

func main() {
	n := sizeFromStdin(4000)
	a := make([]uint32, n)
	x := uint32(12345)
	for i := range a {
		x = x*1664525 + 1013904223
		a[i] = x >> 8
	}
	for end := n; end > 1; end-- {
		for i := 0; i+1 < end; i++ {
			if a[i] > a[i+1] {
				a[i], a[i+1] = a[i+1], a[i]
			}
		}
	}
	mixed := uint32(0)
	for _, v := range a {
		mixed = mixed*31 + v
	}
	fmt.Println(mixed)
}
