// fresh replies with everything random that a Go program meets without asking for it by name, one
// kind a line. Each is drawn after the event is there, so that each must differ between events.
package main

import (
	crypto "crypto/rand"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand"
	v2 "math/rand/v2"
	"os"
)

// iterated is in the order that a map gives its keys in.
func iterated() (out string) {
	keys := map[int]bool{}
	for i := 0; i < 100; i++ {
		keys[i] = true
	}
	for key := range keys {
		out += fmt.Sprint(key, " ")
	}
	return out
}

// selected is in the order that select takes channels in which are all ready.
func selected() (out string) {
	channel := make(chan int, 1000)
	for i := 0; i < 1000; i++ {
		channel <- 0
	}
	for i := 0; i < 100; i++ {
		select {
		case <-channel:
			out += "a"
		case <-channel:
			out += "b"
		}
	}
	return out
}

func handle() {
	data, _ := io.ReadAll(os.Stdin)
	fmt.Println("math/rand", rand.Uint64())
	fmt.Println("math/rand/v2", v2.Uint64())
	fmt.Println("map", iterated())
	fmt.Println("select", selected())
	fmt.Println("maphash", maphash.Bytes(maphash.MakeSeed(), data))
	var bytes [8]byte
	crypto.Read(bytes[:])
	fmt.Println("crypto/rand", bytes)
}
