//go:build environment

package main

import "os"

func reply() any {
	if os.Getenv("CE_TYPE") == "rare" {
		return os.Getenv("CE_ID")
	}
	return "hidden"
}
