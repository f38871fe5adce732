//go:build mage && linux

package main

func main() {}
