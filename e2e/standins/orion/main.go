// Orion runs gazelle with its Go language and with plugins in Starlark, as `aspect configure` does with those in oci/aspect.
//
// It stands in for the real host of such plugins, language/orion of github.com/aspect-build/aspect-gazelle: it has of that
// API what our plugins use, and what a plugin can't do there it can't do here. All that becomes of a plugin's targets
// (merging, `# keep`, map_kind, loads) is gazelle's own work, as it is there.
//
// Usage: ORION_EXTENSIONS=a.star,b.star orion update|fix [gazelle's flags] [dirs...], in the root of a repository.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"

	"github.com/bazel-contrib/bazel-gazelle/v2/cmd/gazelle/update"
	"github.com/bazelbuild/bazel-gazelle/language"
	golang "github.com/bazelbuild/bazel-gazelle/language/go"
)

// changesExit is gazelle's exit code where -mode=diff has found changes.
const changesExit = 1

func main() {
	log.SetFlags(0)
	log.SetPrefix("orion: ")
	root, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	host := newHost()
	for _, file := range strings.Split(os.Getenv("ORION_EXTENSIONS"), ",") {
		if err := host.load(root, file); err != nil {
			log.Fatalf("load plugin %q: %v", file, err)
		}
	}
	languages := []language.Language{golang.NewLanguage(), host}
	err = update.Run(context.Background(), languages, root, os.Args[1:])
	if errors.Is(err, update.ErrDiff) {
		os.Exit(changesExit)
	}
	if err != nil {
		log.Fatal(err)
	}
}
