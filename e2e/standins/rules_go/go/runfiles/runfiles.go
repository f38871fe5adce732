// Package runfiles finds files that a program needs at run time, for callers in the main repository.
package runfiles

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Rlocation returns where the file is that $(rlocationpath) calls path.
func Rlocation(path string) (string, error) {
	root := os.Getenv("RUNFILES_DIR")
	if root == "" {
		root = os.Args[0] + ".runfiles"
	}
	mapping, err := os.Open(filepath.Join(root, "_repo_mapping"))
	if err != nil {
		return "", fmt.Errorf("runfiles: %w", err)
	}
	defer mapping.Close()

	repository, rest, _ := strings.Cut(path, "/")
	for lines := bufio.NewScanner(mapping); lines.Scan(); {
		fields := strings.Split(lines.Text(), ",")
		if len(fields) == 3 && fields[0] == "" && fields[1] == repository {
			repository = fields[2]
			break
		}
	}
	return filepath.Join(root, repository, rest), nil
}
