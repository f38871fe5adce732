// A stand-in for the host of the plugins of `aspect configure`: see main.go.
module rules_strata/e2e/standins/orion

go 1.25.0

require (
	github.com/bazel-contrib/bazel-gazelle/v2 v2.0.0-3
	github.com/bazelbuild/bazel-gazelle v0.53.0
	github.com/bmatcuk/doublestar/v4 v4.10.0
	go.starlark.net v0.0.0-20260708150628-5395d018f003
)

require (
	github.com/bazelbuild/buildtools v0.0.0-20250930140053-2eb4fccefb52 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/mod v0.23.0 // indirect
	golang.org/x/sync v0.11.0 // indirect
	golang.org/x/sys v0.42.0 // indirect
	golang.org/x/tools/go/vcs v0.1.0-deprecated // indirect
)
