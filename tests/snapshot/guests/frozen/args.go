package main

import "os"

// arguments keeps the compiler from knowing that there is one argument.
func arguments() []string { return os.Args }
