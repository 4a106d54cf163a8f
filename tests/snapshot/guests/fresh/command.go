//go:build !reactor

package main

func main() { handle() }
