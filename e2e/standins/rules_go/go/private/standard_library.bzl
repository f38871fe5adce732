"""Go's standard library, compiled for the target platform."""

load(":go.bzl", "PLATFORM_ATTRS", "run_go")

# What programs of images import, with all that these import.
_PACKAGES = ["bufio", "flag", "net/http"]

_SCRIPT = """
out=$1; shift
"$GO" list -export -deps -f '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}' "$@" > exports
while read -r path file; do
  mkdir -p "$(dirname "$out/$path")"
  cp "$file" "$out/$path.a"
  echo "packagefile $path=$out/$path.a" >> "$out/importcfg"
done < exports
rm -rf "$GOCACHE" exports
"""

def _standard_library_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add_all([folder], expand_directories = False)
    arguments.add_all(_PACKAGES)
    run_go(ctx, mnemonic = "GoStdlib", script = _SCRIPT, arguments = arguments, inputs = depset(), outputs = [folder])
    return [DefaultInfo(files = depset([folder]))]

standard_library = rule(
    implementation = _standard_library_impl,
    doc = "A folder of packages, and `importcfg`, which the compiler and the linker find them by.",
    attrs = PLATFORM_ATTRS,
)
