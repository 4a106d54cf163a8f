// An uncaught panic in Go: exit status 2 and a stack on standard error.
package main

func main() {
	panic("as asked")
}
