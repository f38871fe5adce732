"""oci_image_test: whether what is in an image is as configs of container-structure-test say."""

load("//oci:providers.bzl", "OciIndexInfo")
load(":content.bzl", "blob_of", "content_of", "image_or_index", "images_below")
load(":labels.bzl", "display_label")
load(":platform_names.bzl", "fits")
load(":run_files.bzl", "content_runfiles", "moved_files")
load(":run_target.bzl", "RUN_ATTRS", "content_spec", "file_reference", "ship_target")
load(":run_tool.bzl", "RunToolInfo")

visibility("//oci/...")

def _image(ctx):
    """The image that is tested, or an index where only the test itself knows which of its images that is."""
    info = image_or_index(ctx.attr.image)
    if OciIndexInfo not in ctx.attr.image or not ctx.attr.platform:
        return info
    images = images_below(info)
    if [image for image in images if not image.platform]:
        return info

    # So that neither the layers of the others are built for the test, nor those of their bases downloaded.
    fitting = [image for image in images if fits(ctx.attr.platform, image.platform)]
    if not fitting:
        fail("%s: %s has no image for %s, only for %s. Set platform to one of those." % (
            ctx.label,
            ctx.attr.image.label,
            ctx.attr.platform,
            ", ".join(sorted([image.platform for image in images])),
        ))
    return fitting[0]

def _test_content(info):
    """All that the image consists of, with layers that the build has to download: the test may have no network."""
    content = content_of(info)
    mtrees = [layer.mtree for layer in content.layers if layer.mtree]
    return struct(
        blob_trees = content.blob_trees,
        configs = content.configs,
        files = depset(mtrees, transitive = [content.complete]),
        layers = [
            struct(blob = blob_of(layer), label = layer.label, metadata = layer.metadata, mtree = layer.mtree)
            for layer in content.layers
        ],
        manifests = content.manifests,
        root = content.root,
    )

def _oci_image_test_impl(ctx):
    if not ctx.files.configs:
        fail("%s: configs is empty, and a test that checks nothing is no test. Name files as container-structure-test has them." % ctx.label)
    if ctx.attr.platform and len(ctx.attr.platform.split("/")) not in (2, 3):
        fail("%s: platform is os/architecture[/variant], such as linux/arm64, and not %r." % (ctx.label, ctx.attr.platform))
    content = _test_content(_image(ctx))
    moved = moved_files(ctx, content)
    spec = {
        "content": content_spec(ctx, content, moved),
        "label": display_label(ctx.label),
        "test": {
            "command_tests": ctx.attr.command_tests,
            "configs": [file_reference(ctx, config) for config in ctx.files.configs],
            "listings": [
                {
                    "metadata": file_reference(ctx, layer.metadata, moved),
                    "mtree": file_reference(ctx, layer.mtree, moved),
                }
                for layer in content.layers
                if layer.mtree
            ],
            "platform": ctx.attr.platform or None,
        },
    }
    runfiles = [ctx.runfiles(files = ctx.files.configs + ctx.files.data), content_runfiles(ctx, content, moved)]
    runfiles += [data[DefaultInfo].default_runfiles for data in ctx.attr.data]
    return [ship_target(ctx, "test", spec, ctx.runfiles().merge_all(runfiles))]

oci_image_test = rule(
    implementation = _oci_image_test_impl,
    doc = """Tests what is in an image, as configs of container-structure-test say: metadata, files and their contents.

Manifest and layers are read as they are: no daemon, no network, nothing unpacked; so the test runs in the sandbox and remotely, and its
result is cached. Only `commandTests` need a container runtime; docs/test-images.md says how to let them have one, and what of a
config is supported. `--test_filter=REGEX` runs the tests whose names match.

```starlark
oci_image_test(
    name = "image_test",
    configs = ["image_test.yaml"],
    image = ":image",
)
```
""",
    attrs = {
        "command_tests": attr.string(
            doc = """What becomes of `commandTests`. `run`: they run in docker or podman, and fail where there is none. `skip`: they are
left out, and the test's output says so.""",
            default = "run",
            values = ["run", "skip"],
        ),
        "configs": attr.label_list(
            doc = "Configs, in YAML or JSON, schema 2.0.0. At least one.",
            allow_files = True,
            mandatory = True,
        ),
        "data": attr.label_list(
            doc = "What `envFile` and `bindMounts` of `containerRunOptions` name.",
            allow_files = True,
        ),
        "driver": attr.string(
            doc = """As container_structure_test has it, and without effect here: no test of metadata or files needs a
daemon, and every test of a command does.""",
            values = ["", "docker", "tar"],
        ),
        "image": RUN_ATTRS["image"],
        "platform": attr.string(doc = """`os/architecture[/variant]`: the image of an index that is tested. Default: the one for the
machine that the test runs on. A single image must be for it."""),
        # For the machine that tests run on, which is neither the host nor what the image is for.
        "ship": attr.label(
            doc = "The tool.",
            cfg = config.exec("test"),
            default = "//oci/private:ship_on_target",
            providers = [RunToolInfo],
        ),
    },
    test = True,
)
