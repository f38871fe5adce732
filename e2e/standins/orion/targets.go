package main

import (
	"github.com/bazelbuild/bazel-gazelle/rule"
	"go.starlark.net/starlark"
)

// target is a target to add or remove.
type target struct {
	name, kind string
	attrs      map[string]string
}

// rule is the target as gazelle has it.
func (t target) rule() *rule.Rule {
	r := rule.NewRule(t.kind, t.name)
	for name, value := range t.attrs {
		r.SetAttr(name, value)
	}
	return r
}

// targets is ctx.targets: what a plugin wants of a BUILD file.
type targets struct {
	added, removed []target
}

// value is ctx.targets itself.
func (t *targets) value() starlark.Value {
	return module("targets", map[string]function{
		"add": func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			added := target{attrs: map[string]string{}}
			var attrs *starlark.Dict
			if err := starlark.UnpackArgs(name, args, kwargs, "name", &added.name, "kind", &added.kind, "attrs", &attrs); err != nil {
				return nil, err
			}
			for _, item := range attrs.Items() {
				key, _ := starlark.AsString(item[0])
				added.attrs[key], _ = starlark.AsString(item[1])
			}
			t.added = append(t.added, added)
			return starlark.None, nil
		},
		"remove": func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var removed target
			if err := starlark.UnpackArgs(name, args, kwargs, "name", &removed.name, "kind", &removed.kind); err != nil {
				return nil, err
			}
			t.removed = append(t.removed, removed)
			return starlark.None, nil
		},
	})
}
