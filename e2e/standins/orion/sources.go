package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// filter is what aspect.SourceExtensions and aspect.SourceFiles return: which files a plugin wants to see.
type filter struct {
	*starlarkstruct.Struct
	matches func(file string) bool
}

// newFilter makes a function of words: a file is matched that matches one of them.
func newFilter(matches func(file, word string) bool) function {
	return func(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		var words []string
		for _, argument := range args {
			word, ok := starlark.AsString(argument)
			if !ok {
				return nil, fmt.Errorf("want a string, got %s", argument.Type())
			}
			words = append(words, word)
		}
		return filter{starlarkstruct.FromStringDict(starlarkstruct.Default, nil), func(file string) bool {
			return slices.ContainsFunc(words, func(word string) bool { return matches(file, word) })
		}}, nil
	}
}

var (
	newSourceExtensions = newFilter(strings.HasSuffix)
	newSourceFiles      = newFilter(func(file, name string) bool { return file == name })
)

// query is what aspect.RegexQuery returns.
type query struct {
	*starlarkstruct.Struct
	globs               []string
	expression, content *regexp.Regexp
}

func newRegexQuery(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var expression, content string
	var globs starlark.Value
	if err := starlark.UnpackArgs(name, args, kwargs, "expression", &expression, "filter", &globs, "content_filter?", &content); err != nil {
		return nil, err
	}
	q := query{Struct: starlarkstruct.FromStringDict(starlarkstruct.Default, nil)}
	if list, ok := globs.(*starlark.List); ok {
		for i := range list.Len() {
			glob, _ := starlark.AsString(list.Index(i))
			q.globs = append(q.globs, glob)
		}
	} else if glob, ok := starlark.AsString(globs); ok {
		q.globs = []string{glob}
	}
	var err error
	if q.expression, err = regexp.Compile(expression); err != nil {
		return nil, err
	}
	q.content, err = regexp.Compile(content)
	return q, err
}

// matches says whether a query is for a file of that path in the package.
func (q query) matches(file string) bool {
	return slices.ContainsFunc(q.globs, func(glob string) bool {
		matched, err := doublestar.Match(glob, file)
		return err == nil && matched
	})
}

// run is the list of matches: for each, what the groups of the expression have captured, "" where they haven't.
func (q query) run(content []byte) starlark.Value {
	var found []starlark.Value
	if q.content.Match(content) {
		for _, match := range q.expression.FindAllSubmatch(content, -1) {
			captures := &starlark.Dict{}
			for i, name := range q.expression.SubexpNames() {
				if i > 0 {
					_ = captures.SetKey(starlark.String(name), starlark.String(match[i]))
				}
			}
			fields := starlark.StringDict{"captures": captures, "result": starlark.String(match[0])}
			found = append(found, starlarkstruct.FromStringDict(starlarkstruct.Default, fields))
		}
	}
	return starlark.NewList(found)
}

// sourcesOf is ctx.sources: for each group of filters its files, with what the queries have found in them.
func (p *prepared) sourcesOf(dir string, files []string) starlark.Value {
	groups := starlark.StringDict{}
	for _, item := range p.sources.Items() {
		group, _ := starlark.AsString(item[0])
		var members []starlark.Value
		for _, file := range files {
			if item[1].(filter).matches(file) {
				fields := starlark.StringDict{"path": starlark.String(file), "query_results": p.queried(dir, file)}
				members = append(members, starlarkstruct.FromStringDict(starlarkstruct.Default, fields))
			}
		}
		groups[group] = starlark.NewList(members)
	}
	return starlarkstruct.FromStringDict(starlarkstruct.Default, groups)
}

// queried is what the queries that are for a file find in it.
func (p *prepared) queried(dir, file string) starlark.Value {
	content, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		log.Fatal(err)
	}
	results := &starlark.Dict{}
	for _, item := range p.queries.Items() {
		if q := item[1].(query); q.matches(file) {
			_ = results.SetKey(item[0], q.run(content))
		}
	}
	return results
}
