package main

import (
	"fmt"

	"go.starlark.net/starlark"
)

// property is a directive that a plugin declares: its type, "string" or "[]string", and the value where no directive says one.
type property struct {
	kind string
	def  starlark.Value
}

// properties is ctx.properties: the values of a plugin's directives in a directory.
type properties struct {
	directory *directory
	defined   map[string]property
}

var (
	_ starlark.Mapping  = (*properties)(nil)
	_ starlark.HasAttrs = (*properties)(nil)
)

func (*properties) String() string        { return "properties" }
func (*properties) Type() string          { return "properties" }
func (*properties) Freeze()               {}
func (*properties) Truth() starlark.Bool  { return starlark.True }
func (*properties) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: properties") }
func (*properties) AttrNames() []string   { return []string{"is_local"} }

// Get is ctx.properties[name].
func (p *properties) Get(key starlark.Value) (starlark.Value, bool, error) {
	name, _ := starlark.AsString(key)
	defined, ok := p.defined[name]
	if !ok {
		return nil, false, fmt.Errorf("no property named: %s", name)
	}
	values, found, _ := p.directory.values(name)
	if !found {
		return defined.def, true, nil
	}
	if defined.kind == "string" {
		return starlark.String(values[len(values)-1]), true, nil
	}
	var list []starlark.Value
	for _, value := range values {
		list = append(list, starlark.String(value))
	}
	return starlark.NewList(list), true, nil
}

// Attr has is_local(name): whether the directory's own BUILD file has the directive.
func (p *properties) Attr(name string) (starlark.Value, error) {
	if name != "is_local" {
		return nil, nil
	}
	return builtin("is_local", func(name string) starlark.Value {
		_, _, local := p.directory.values(name)
		return starlark.Bool(local)
	}), nil
}
