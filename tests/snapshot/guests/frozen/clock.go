//go:build clock

package main

import "time"

// A generator of one's own, seeded with the time.
var state = uint64(time.Now().UnixNano())

func reply() any {
	state ^= state << 13
	state ^= state >> 7
	state ^= state << 17
	return state
}
