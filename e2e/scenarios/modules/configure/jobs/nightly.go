// Greets.
package main

import "fmt"

func main() {
	fmt.Println("Hello at night")
}
