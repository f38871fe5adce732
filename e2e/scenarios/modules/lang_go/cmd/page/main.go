// Page shows what it was started with: arguments, environment, and files.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"

	"example.com/course/greeting"
)

func main() {
	title := flag.String("title", "", "title of the page")
	text := flag.String("text", "", "file with the text of the page")
	flag.Parse()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		hello, err := greeting.Text()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, err := os.ReadFile(*text)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s\n%s\n%s%s\n%s\n%s\n", hello, *title, body, os.Getenv("FOOTER"), os.Getenv("PRICE"), os.Getenv("FROM_BASE"))
	})
	fmt.Fprintln(os.Stderr, runtime.GOARCH, http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
	os.Exit(1)
}
