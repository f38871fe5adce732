package main

import (
	"fmt"

	"go.starlark.net/starlark"
)

// data is ctx.data: what a plugin has stored, while it was prepared, in a directory or one above it.
type data struct {
	own    map[string]starlark.Value
	parent *data
	sealed bool
}

var (
	_ starlark.HasSetKey = (*data)(nil)
	_ starlark.HasAttrs  = (*data)(nil)
)

func (*data) String() string        { return "data" }
func (*data) Type() string          { return "data" }
func (*data) Freeze()               {}
func (*data) Truth() starlark.Bool  { return starlark.True }
func (*data) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: data") }
func (*data) AttrNames() []string   { return []string{"get"} }

// Get is ctx.data[key].
func (d *data) Get(key starlark.Value) (starlark.Value, bool, error) {
	name, _ := starlark.AsString(key)
	for at := d; at != nil; at = at.parent {
		if value, found := at.own[name]; found {
			return value, true, nil
		}
	}
	return nil, false, nil
}

// SetKey is ctx.data[key] = value.
func (d *data) SetKey(key, value starlark.Value) error {
	name, ok := starlark.AsString(key)
	if !ok || d.sealed {
		return fmt.Errorf("ctx.data takes strings as keys, and in the prepare stage alone")
	}
	d.own[name] = value
	return nil
}

// Attr has get(key), which is None where nothing is stored.
func (d *data) Attr(name string) (starlark.Value, error) {
	if name != "get" {
		return nil, nil
	}
	return builtin("get", func(key string) starlark.Value {
		if value, found, _ := d.Get(starlark.String(key)); found {
			return value
		}
		return starlark.None
	}), nil
}
