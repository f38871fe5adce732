package main

import (
	"path"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// function is a function of a module.
type function func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

func newBuiltin(name string, f function) starlark.Value {
	call := func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return f(name, args, kwargs)
	}
	return starlark.NewBuiltin(name, call)
}

// module is a module of Starlark with these functions.
func module(name string, functions map[string]function) starlark.Value {
	members := starlark.StringDict{}
	for key, f := range functions {
		members[key] = newBuiltin(key, f)
	}
	return &starlarkstruct.Module{Name: name, Members: members}
}

// pathModule is what every plugin finds under the name `path`.
var pathModule = module("path", map[string]function{
	"base":    ofPath(path.Base),
	"dirname": ofPath(path.Dir),
	"ext":     ofPath(path.Ext),
})

func ofPath(f func(string) string) function {
	return func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var argument string
		if err := starlark.UnpackPositionalArgs(name, args, kwargs, 1, &argument); err != nil {
			return nil, err
		}
		return starlark.String(f(argument)), nil
	}
}

// propertyValue is what aspect.Property returns.
type propertyValue struct {
	*starlarkstruct.Struct
	property property
}

func newProperty(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var p property
	if err := starlark.UnpackArgs(name, args, kwargs, "type", &p.kind, "default", &p.def); err != nil {
		return nil, err
	}
	return propertyValue{starlarkstruct.FromStringDict(starlarkstruct.Default, nil), p}, nil
}

func newPrepareResult(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var sources, queries *starlark.Dict
	if err := starlark.UnpackArgs(name, args, kwargs, "sources", &sources, "queries", &queries); err != nil {
		return nil, err
	}
	return starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"sources": sources, "queries": queries}), nil
}
