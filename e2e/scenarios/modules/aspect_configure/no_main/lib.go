package main

var text = `
func main() {}
`

// func main() {}
func init() { println(text, "func main() {}") }
