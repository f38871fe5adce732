// +build ignore,linux

package main

func main() {}
