//go:build !windows && (linux || go1.21)

package main

func main() {}
