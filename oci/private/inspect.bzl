"""`<name>.inspect`: `bazel run` shows what is in an image."""

load("//oci:providers.bzl", "OciImageInfo")
load(":current_ship.bzl", "ShipInfo")
load(":labels.bzl", "display_label")
load(":run_target.bzl", "file_reference")

visibility("//oci/...")

def _oci_inspect_impl(ctx):
    groups = ctx.attr.image[OutputGroupInfo] if OutputGroupInfo in ctx.attr.image else None
    report = groups.report.to_list() if groups and hasattr(groups, "report") else []
    if len(report) != 1:
        fail("%s: %s has no output group `report`, which tells what is in it. Name an oci_image." % (ctx.label, ctx.attr.image.label))

    # Nothing but the report goes into the runfiles: to look at an image needs none of its layers.
    ship = ctx.attr.ship[ShipInfo]
    executable = ctx.actions.declare_file(ctx.label.name + ".run" + (".exe" if ship.executable.extension == "exe" else ""))
    ctx.actions.symlink(output = executable, target_file = ship.executable, is_executable = True)
    spec = ctx.actions.declare_file(ctx.label.name + ".run.json")
    manifest = ctx.attr.image[OciImageInfo].manifest
    ctx.actions.write(spec, json.encode({
        "command": "inspect",
        "content": {"root": file_reference(ctx, manifest)},
        "inspect": {"report": file_reference(ctx, report[0])},
        "label": display_label(ctx.attr.image.label),
        "self": spec.path,
        "v": 1,
    }))
    return [DefaultInfo(
        executable = executable,
        files = depset([executable]),
        runfiles = ctx.runfiles(files = [executable, spec] + report).merge(ship.runfiles),
    )]

oci_inspect_rule = rule(
    implementation = _oci_inspect_impl,
    doc = """Shows an image when run: its config, its layers with label, size and digest, and links of one layer that
directories of another replace. `--json` prints the same as JSON. Asks no registry and no runtime.""",
    attrs = {
        "image": attr.label(
            doc = "An `oci_image` or `oci_import`.",
            mandatory = True,
            providers = [OciImageInfo],
        ),
        "ship": attr.label(
            doc = "The tool.",
            default = "//oci/private:ship_on_host",
            providers = [ShipInfo],
        ),
    },
    executable = True,
)

def inspect_target(name, common):
    """Declares `<name>.inspect`.

    Args:
      name: string. The image.
      common: dict. The attributes common to all rules.
    """
    oci_inspect_rule(name = name + ".inspect", image = name, **common)
