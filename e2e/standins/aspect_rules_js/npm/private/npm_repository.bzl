"""npm_repository: a folder for each package that npm has installed, and the macro that links them.

npm puts packages next to each other, and one inside another where versions differ. Here each gets a folder of its own, and
its dependencies are looked up as Node would have found them in npm's tree.
"""

load("//npm/private:store.bzl", "store_name")

_BUILD = """\
package(default_visibility = ["//visibility:public"])

[
    filegroup(
        name = name,
        srcs = glob(["packages/{{}}/**".format(name)]),
    )
    for name in {names}
]
"""

_DEFS = """\
load("@aspect_rules_js//npm/private:npm_link_all.bzl", "npm_link_all")

_BINS = {bins}

_DIRECT = {direct}

_PACKAGES = {packages}

def npm_link_all_packages(name = "node_modules"):
    npm_link_all(
        name = name,
        bins = _BINS,
        direct = _DIRECT,
        packages = _PACKAGES,
        repository = Label("//:BUILD.bazel"),
    )
"""

def _name(path):
    return path.rpartition("node_modules/")[2]

def _found(places, path, name):
    """The place of a package that Node would load from another one; None where there is none, as an optional one may be."""
    for _ in range(path.count("node_modules/") + 1):
        candidate = "{}node_modules/{}".format(path + "/" if path else "", name)
        if candidate in places:
            return candidate
        path = path.rpartition("node_modules/")[0].rstrip("/")
    return None

def _dependencies(places, path):
    """Keys of the packages that a place may load, by name."""
    needed = {}
    for kind in ("dependencies", "optionalDependencies", "peerDependencies"):
        for name in places[path].get(kind, {}):
            at = _found(places, path, name)
            if at:
                needed[name] = _key(places, at)
    return needed

def _key(places, path):
    return "{}@{}".format(_name(path), places[path]["version"])

def _npm_repository_impl(rctx):
    tree = rctx.path(rctx.attr.installed).dirname
    places = json.decode(rctx.read(rctx.attr.lock))["packages"]
    packages, copies = {}, []
    for path in places:
        if not path:
            continue
        key = _key(places, path)
        if key not in packages:
            packages[key] = struct(
                deps = _dependencies(places, path),
                name = _name(path),
                version = places[path]["version"],
            )
            copies.append((str(tree.get_child(path)), "packages/" + store_name(key)))
    script = ["set -e", "mkdir packages"]
    script += ["cp -R '{1}' '{0}' && rm -rf '{0}/node_modules'".format(to, source) for source, to in copies]
    copied = rctx.execute(["sh", "-c", "\n".join(script)])
    if copied.return_code:
        fail("cannot copy the packages that npm has installed: " + copied.stderr)
    rctx.file("BUILD.bazel", _BUILD.format(names = repr([store_name(key) for key in packages])))
    rctx.file("defs.bzl", _DEFS.format(
        bins = repr(rctx.attr.bins),
        direct = repr(_dependencies(places, "")),
        packages = repr(packages),
    ))

npm_repository = repository_rule(
    implementation = _npm_repository_impl,
    doc = "The packages of a lock file, from the folder where npm has installed them.",
    attrs = {
        "bins": attr.string_list_dict(doc = "Programs of packages, by name."),
        "installed": attr.label(doc = "A file next to npm's node_modules.", mandatory = True),
        "lock": attr.label(doc = "npm's lock file.", mandatory = True),
    },
)
