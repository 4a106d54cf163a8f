//go:build reactor

package main

func main() {}

//go:wasmexport handle
func handleEvent() int32 {
	handle()
	return 0
}
