//go:build wasip1

package main

import "example.com/@NAME@/wasihttp"

func init() { wasihttp.Handler = handle }

func main() {} // never called: -buildmode=c-shared makes something that is called for each request
