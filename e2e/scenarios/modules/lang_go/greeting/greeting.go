// Package greeting knows how to greet.
package greeting

import (
	"os"
	"strings"

	"github.com/bazelbuild/rules_go/go/runfiles"
)

// Text returns the greeting, which is a file of this package.
func Text() (string, error) {
	path, err := runfiles.Rlocation("lang_go/greeting/greeting.txt")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}
