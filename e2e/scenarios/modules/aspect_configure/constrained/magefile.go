//go:build mage && (linux || darwin)

package main

func main() {}
