"""Groups: which files of a binary go to which layer.

A file is in the first group that claims it. Groups that providers tell apart name their files; groups by regex claim what
matches; the last one, usually `app`, takes the rest. So each layer's action knows what it leaves to those before it: the
regexes of those, and the declared paths, as text.
"""

load("//oci/private:layer_entries.bzl", "entries_file")
load("//oci/private:runfiles_entries.bzl", "add_runfiles_files")

visibility("//oci/...")

def _group(name, *, files = None, regex = None, declared = False, dedupe = False, expect = None):
    return struct(name = name, files = files, regex = regex, declared = declared, dedupe = dedupe, expect = expect)

def files_group(name, files, expect = None, dedupe = False):
    """A group that providers tell apart: its action has only its own inputs.

    Args:
      name: string.
      files: depset of File. Those of the binary's runfiles that are in it.
      expect: struct(regex, message) or None. What a path that the group's action knows must match, in whichever layer it is, and what to
        say if none does.
      dedupe: bool. Whether files with equal content are stored once.

    Returns:
      struct.
    """
    return _group(name, files = files, dedupe = dedupe, expect = expect)

def regex_group(name, regex, declared = False, expect = None):
    """A group by paths: its action has all of the binary's files, and tells Bazel which it didn't need.

    Args:
      name: string.
      regex: string. ECMAScript, matched anywhere in `./` and the path in the image; an empty one matches everything.
      declared: bool. Whether a user wrote the regex, who is told if it matches nothing.
      expect: as of files_group.

    Returns:
      struct.
    """
    return _group(name, regex = regex, declared = declared, expect = expect)

def rest_group(name = "app"):
    """The group of what no other one claims.

    Args:
      name: string.

    Returns:
      struct.
    """
    return _group(name)

def with_layer_groups(label, groups, layer_groups):
    """Puts the groups of a user before those of a language, or in their place where they have the name of one.

    Args:
      label: string. The target, for messages.
      groups: list of groups of the language, in order.
      layer_groups: dict from name to regex, in order.

    Returns:
      list of groups.
    """
    for name in layer_groups:
        # Actions are told of groups before theirs as `name=regex`.
        if not name or "=" in name:
            fail("%s: layer_groups: %r is no name of a group: a name isn't empty, and has no `=`." % (label, name))
    names = [group.name for group in groups]
    own = [regex_group(name, regex, declared = True) for name, regex in layer_groups.items() if name not in names]
    return own + [
        regex_group(group.name, layer_groups[group.name], declared = True, expect = group.expect) if group.name in layer_groups else group
        for group in groups
    ]

def _names_of_files(ctx, name, inputs):
    """A file that changes when a file in a tree gets another name.

    Bazel doesn't look again at a tree of which an action told that it didn't need it, not even when the names in it change;
    and so to another layer might belong.
    """
    names = ctx.actions.declare_file(name)
    arguments = ctx.actions.args()
    arguments.set_param_file_format("multiline")
    arguments.add_all(inputs, map_each = _short_path, expand_directories = True)
    ctx.actions.write(names, arguments)
    return names

def _short_path(file):
    return file.short_path

def group_parts(ctx, *, groups, root, settings, stem, inputs, absent = None, absent_regexes = []):
    """What each group's action packs, and what it leaves to those before it.

    Args:
      ctx: the rule's context.
      groups: list of groups, in order.
      root: string. The runfiles directory in the image.
      settings: list of entries: what is said of all files.
      stem: string. What files are named after.
      inputs: depset of File. All of the binary's files.
      absent: depset of File or None. Those that no group gets.
      absent_regexes: list of strings. Of paths of those that no group gets.

    Returns:
      list of structs, one a group:
        entries: list of entries of the group alone, or None where it is told from all of the binary's files.
        filter: struct(arguments, inputs, lists_unused) for declare_layer; None where there is one group of all files.
    """
    is_split = len(groups) > 1 or groups[0].regex != None or absent != None or bool(absent_regexes)
    by_paths = is_split and [group for group in groups if group.regex != None]
    names = _names_of_files(ctx, stem + ".strata/names.txt", inputs) if by_paths else None
    parts = []
    except_regexes, except_entries = ["what is left out=" + regex for regex in absent_regexes], []
    if absent != None:
        left_out = []
        add_runfiles_files(ctx, left_out, root, absent)
        except_entries = [left_out]
    for group in groups:
        arguments = ctx.actions.args()
        arguments.add("--group", group.name)
        arguments.add_all(except_regexes, format_each = "--except=%s")
        if group.regex != None:
            arguments.add(group.regex, format = "--match=%s")
            if group.declared:
                arguments.add("--must-match")

            # A group of the rest has been overridden: what is in none has no place.
            if group == groups[-1]:
                arguments.add("--all-claimed")
        if group.expect:
            arguments.add(group.expect.regex, format = "--expect=%s")
            arguments.add(group.expect.message, format = "--expect-message=%s")
        if getattr(ctx.attr, "preserve_symlinks", ""):
            arguments.add(ctx.attr.preserve_symlinks, format = "--preserve-symlinks=%s")
        arguments = [arguments] + [entries_file(ctx, "--except-entries", entries) for entries in except_entries]
        entries = None
        if group.files != None:
            entries = list(settings)
            add_runfiles_files(ctx, entries, root, group.files)
            except_entries = except_entries + [entries]
        elif group.regex != None:
            except_regexes = except_regexes + ["%s=%s" % (group.name, group.regex)]
        lists_unused = entries == None
        if lists_unused and names:
            tree_files = ctx.actions.args()
            tree_files.add("--tree-files", names)
            arguments = arguments + [tree_files]
        filter = struct(arguments = arguments, inputs = [names] if lists_unused and names else [], lists_unused = lists_unused)
        parts.append(struct(entries = entries, filter = filter if is_split else None))
    return parts
