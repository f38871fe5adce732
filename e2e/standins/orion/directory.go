package main

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// directory is what the directives of a directory and of those above it say, and what the plugins make of it.
type directory struct {
	repoName, rel string
	parent        *directory
	// directives of its own BUILD file, by name
	directives map[string][]string
	prepared   map[string]*prepared
}

// newDirectory is one of which no directive is known yet.
func newDirectory(repoName, rel string, parent *directory) *directory {
	return &directory{repoName, rel, parent, map[string][]string{}, map[string]*prepared{}}
}

// values are those of the nearest directory whose BUILD file has the directive; local tells that it is this one.
func (d *directory) values(name string) (values []string, found, local bool) {
	for at := d; at != nil; at = at.parent {
		if values, found := at.directives[name]; found {
			return values, true, at == d
		}
	}
	return nil, false, false
}

// enabled says what the last directive of a plugin's name does; without one, plugins are.
func (d *directory) enabled(plugin string) bool {
	values, found, _ := d.values(plugin)
	return !found || values[len(values)-1] == "enabled"
}

// context is what a plugin's functions are called with.
func (d *directory) context(p *plugin, data *data, more starlark.StringDict) starlark.Value {
	fields := starlark.StringDict{
		"rel":        starlark.String(d.rel),
		"repo_name":  starlark.String(d.repoName),
		"properties": &properties{directory: d, defined: p.properties},
		"data":       data,
		"has_file": builtin("has_file", func(name string) starlark.Value {
			return starlark.Bool(hasFile(d.rel, name))
		}),
	}
	for name, value := range more {
		fields[name] = value
	}
	return starlarkstruct.FromStringDict(starlarkstruct.Default, fields)
}

// builtin is a function of one string.
func builtin(name string, f func(string) starlark.Value) starlark.Value {
	return newBuiltin(name, func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var argument string
		if err := starlark.UnpackArgs(name, args, kwargs, "name", &argument); err != nil {
			return nil, err
		}
		return f(argument), nil
	})
}
