package main

import (
	"fmt"
	"log"
	"maps"
	"slices"

	"github.com/bazelbuild/bazel-gazelle/config"
	"github.com/bazelbuild/bazel-gazelle/label"
	"github.com/bazelbuild/bazel-gazelle/language"
	"github.com/bazelbuild/bazel-gazelle/rule"
	"github.com/bazelbuild/bazel-gazelle/walk"
	"go.starlark.net/starlark"
)

// languageName is that of gazelle's language which all plugins are part of.
const languageName = "orion"

// host is the language of gazelle that all plugins are part of.
type host struct {
	language.BaseLang
	plugins []*plugin
	kinds   map[string]kind
}

// kind is a kind of rules that a plugin writes, and the file that it is loaded from.
type kind struct {
	from string
	info rule.KindInfo
}

var (
	_ language.Language            = (*host)(nil)
	_ language.ModuleAwareLanguage = (*host)(nil)
)

func newHost() *host {
	return &host{kinds: map[string]kind{}}
}

// Name is that of the language.
func (*host) Name() string { return languageName }

// Kinds says how gazelle merges rules of the plugins' kinds.
func (h *host) Kinds() map[string]rule.KindInfo {
	infos := map[string]rule.KindInfo{}
	for name, k := range h.kinds {
		infos[name] = k.info
	}
	return infos
}

// ApparentLoads says where the kinds are loaded from, by the names that the root module has for other modules.
func (h *host) ApparentLoads(apparentName func(string) string) []rule.LoadInfo {
	symbols := map[string][]string{}
	for name, k := range h.kinds {
		from, err := label.Parse(k.from)
		if err != nil {
			log.Fatalf("kind %s: %v", name, err)
		}
		if apparent := apparentName(from.Repo); apparent != "" {
			from.Repo = apparent
		}
		symbols[from.String()] = append(symbols[from.String()], name)
	}
	var loads []rule.LoadInfo
	for _, file := range slices.Sorted(maps.Keys(symbols)) {
		loads = append(loads, rule.LoadInfo{Name: file, Symbols: symbols[file]})
	}
	return loads
}

// KnownDirectives are the names of plugins, which take `enabled` and `disabled`, and those of their properties.
func (h *host) KnownDirectives() []string {
	var names []string
	for _, p := range h.plugins {
		names = append(names, p.id)
		for name := range p.properties {
			names = append(names, name)
		}
	}
	return names
}

// Configure reads a directory's directives, and prepares the plugins that are enabled in it.
func (h *host) Configure(c *config.Config, rel string, f *rule.File) {
	parent, _ := c.Exts[languageName].(*directory)
	dir := newDirectory(c.RepoName, rel, parent)
	c.Exts[languageName] = dir
	if f != nil {
		for _, d := range f.Directives {
			dir.directives[d.Key] = append(dir.directives[d.Key], d.Value)
		}
	}
	for _, p := range h.plugins {
		if dir.enabled(p.id) {
			dir.prepared[p.id] = p.prepareIn(dir)
		}
	}
}

// GenerateRules asks the plugins for targets. They see all files but the BUILD file.
func (h *host) GenerateRules(args language.GenerateArgs) language.GenerateResult {
	dir := args.Config.Exts[languageName].(*directory)
	files := slices.DeleteFunc(slices.Clone(args.RegularFiles), args.Config.IsValidBuildFileName)
	var result language.GenerateResult
	for _, p := range h.plugins {
		prepared, enabled := dir.prepared[p.id]
		if !enabled {
			continue
		}
		targets := &targets{}
		p.call(p.declare, dir.context(p, prepared.data, starlark.StringDict{
			"sources": prepared.sourcesOf(args.Dir, files),
			"targets": targets.value(),
		}))
		for _, t := range targets.removed {
			if existing := ruleNamed(args.File, t.name); existing != nil {
				result.Empty = append(result.Empty, rule.NewRule(t.kind, t.name))
			}
		}
		for _, t := range targets.added {
			if err := h.collides(args, t); err != nil {
				log.Fatal(err)
			}
			result.Gen = append(result.Gen, t.rule())
			result.Imports = append(result.Imports, nil)
		}
	}
	return result
}

// collides is an error if the name of a target is taken by a rule of a kind that no plugin writes: the whole run ends then.
func (h *host) collides(args language.GenerateArgs, t target) error {
	existing := ruleNamed(args.File, t.name)
	if existing == nil {
		return nil
	}
	for name := range h.kinds {
		if existing.Kind() == mapped(args.Config, name) {
			return nil
		}
	}
	return fmt.Errorf("failed to generate target %q of kind %q: a target of kind %q with the same name already exists",
		label.New("", args.Rel, t.name), mapped(args.Config, t.kind), existing.Kind())
}

// mapped is the kind that is written in place of one, by map_kind.
func mapped(c *config.Config, kind string) string {
	if to := c.KindMap[kind].KindName; to != "" {
		return to
	}
	return kind
}

// ruleNamed is the rule of that name in a BUILD file, or nil.
func ruleNamed(f *rule.File, name string) *rule.Rule {
	if f == nil {
		return nil
	}
	for _, r := range f.Rules {
		if r.Name() == name {
			return r
		}
	}
	return nil
}

// hasFile says whether a directory has a file of that name.
func hasFile(rel, name string) bool {
	info, err := walk.GetDirInfo(rel)
	return err == nil && slices.Contains(info.RegularFiles, name)
}
