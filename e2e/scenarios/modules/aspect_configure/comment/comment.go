// Package comment isn't package main.
//
// package main
package comment

/*
package main

func main() {}
*/

const text = `
package main

func main() {} // go_binary
`

/* package main */
