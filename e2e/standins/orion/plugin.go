package main

import (
	"fmt"
	"log"
	"path/filepath"

	"github.com/bazelbuild/bazel-gazelle/rule"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// plugin is what a call of aspect.orion_extension has said.
type plugin struct {
	id               string
	properties       map[string]property
	prepare, declare starlark.Callable
	thread           *starlark.Thread
}

// prepared is what a plugin wants to see in a directory.
type prepared struct {
	data    *data
	sources *starlark.Dict
	queries *starlark.Dict
}

// call calls a plugin's function with ctx. An error in it ends the run.
func (p *plugin) call(f starlark.Callable, context starlark.Value) starlark.Value {
	result, err := starlark.Call(p.thread, f, starlark.Tuple{context}, nil)
	if err != nil {
		if failure, ok := err.(*starlark.EvalError); ok {
			log.Fatalf("plugin %s: %s", p.id, failure.Backtrace())
		}
		log.Fatalf("plugin %s: %v", p.id, err)
	}
	return result
}

// prepareIn runs the prepare stage in a directory, where alone a plugin may store data for those below.
func (p *plugin) prepareIn(d *directory) *prepared {
	stored := &data{own: map[string]starlark.Value{}}
	for at := d.parent; at != nil && stored.parent == nil; at = at.parent {
		if above, found := at.prepared[p.id]; found {
			stored.parent = above.data
		}
	}
	result, ok := p.call(p.prepare, d.context(p, stored, nil)).(*starlarkstruct.Struct)
	if !ok {
		log.Fatalf("plugin %s: prepare did not return a PrepareResult", p.id)
	}
	stored.sealed = true
	sources, _ := result.Attr("sources")
	queries, _ := result.Attr("queries")
	return &prepared{stored, sources.(*starlark.Dict), queries.(*starlark.Dict)}
}

// load evaluates a plugin's file: no recursion, no global assigned twice, as in the real host.
func (h *host) load(root, file string) error {
	thread := &starlark.Thread{
		Name:  file,
		Print: func(_ *starlark.Thread, message string) { fmt.Printf("%s: %s\n", filepath.Base(file), message) },
	}
	predeclared := starlark.StringDict{"aspect": h.aspect(thread), "path": pathModule}
	options := &syntax.FileOptions{TopLevelControl: true}
	_, err := starlark.ExecFileOptions(options, thread, filepath.Join(root, file), nil, predeclared)
	return err
}

// aspect is the module of that name.
func (h *host) aspect(thread *starlark.Thread) starlark.Value {
	return module("aspect", map[string]function{
		"orion_extension": func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			p := &plugin{thread: thread, properties: map[string]property{}}
			var defined *starlark.Dict
			err := starlark.UnpackArgs(name, args, kwargs, "id", &p.id, "properties", &defined, "prepare", &p.prepare, "declare", &p.declare)
			if err != nil {
				return nil, err
			}
			for _, item := range defined.Items() {
				key, _ := starlark.AsString(item[0])
				p.properties[key] = item[1].(propertyValue).property
			}
			h.plugins = append(h.plugins, p)
			return starlark.None, nil
		},
		"gazelle_rule_kind": func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var kindName string
			var attributes *starlark.Dict
			if err := starlark.UnpackArgs(name, args, kwargs, "name", &kindName, "attributes", &attributes); err != nil {
				return nil, err
			}
			from, _, err := attributes.Get(starlark.String("From"))
			if err != nil {
				return nil, err
			}
			file, _ := starlark.AsString(from)
			matchAny, _, err := attributes.Get(starlark.String("MatchAny"))
			if err != nil {
				return nil, err
			}
			h.kinds[kindName] = kind{from: file, info: rule.KindInfo{
				MatchAny:       matchAny == starlark.True,
				MatchAttrs:     stringsIn(attributes, "MatchAttrs"),
				MergeableAttrs: set(stringsIn(attributes, "MergeableAttrs")),
				NonEmptyAttrs:  set(stringsIn(attributes, "NonEmptyAttrs")),
				ResolveAttrs:   map[string]bool{},
			}}
			return starlark.None, nil
		},
		"Property":         newProperty,
		"PrepareResult":    newPrepareResult,
		"RegexQuery":       newRegexQuery,
		"SourceExtensions": newSourceExtensions,
		"SourceFiles":      newSourceFiles,
	})
}

// stringsIn are those of a list in a dict; none if it isn't there.
func stringsIn(from *starlark.Dict, key string) []string {
	value, found, _ := from.Get(starlark.String(key))
	list, ok := value.(*starlark.List)
	if !found || !ok {
		return nil
	}
	var items []string
	for i := range list.Len() {
		item, _ := starlark.AsString(list.Index(i))
		items = append(items, item)
	}
	return items
}

// set has these members.
func set(items []string) map[string]bool {
	members := map[string]bool{}
	for _, item := range items {
		members[item] = true
	}
	return members
}
