"""The shape in which rules_oci makes images, with as little work in each action as the shape allows.

One tar a layer by bsdtar, one descriptor for each layer of each image, then one action that puts the layout directory
together out of the tars and descriptors, and one that reads the digest back. rules_oci itself does more in each of them
(jq, regctl) and has some more of them, so the real thing is slower than this.
"""

def _bsdtar_impl(ctx):
    tar = ctx.actions.declare_file(ctx.label.name + (".tar.gz" if ctx.attr.gzip else ".tar"))
    flags = ctx.actions.args()
    flags.add("-c")
    flags.add("-L")
    flags.add_all(["--uid", "0", "--gid", "0", "--format", "pax"])
    if ctx.attr.gzip:
        flags.add("-z")
    flags.add("-f", tar)
    files = ctx.actions.args()
    files.set_param_file_format("multiline")
    files.use_param_file("-T%s", use_always = True)
    files.add_all(ctx.files.srcs)
    libraries = ctx.files._libraries

    # By a shell, as a genrule would: the environment of the action is that of Bazel's sandbox too, which has other libraries.
    ctx.actions.run_shell(
        command = 'LD_LIBRARY_PATH=$1 && export LD_LIBRARY_PATH && shift && exec "$@"',
        mnemonic = "Tar",
        arguments = [libraries[0].dirname if libraries else "", ctx.file._bsdtar.path, flags, files],
        inputs = ctx.files.srcs + libraries,
        outputs = [tar],
        tools = [ctx.file._bsdtar],
    )
    return [DefaultInfo(files = depset([tar]))]

bsdtar = rule(
    implementation = _bsdtar_impl,
    doc = "A tar of files.",
    attrs = {
        "gzip": attr.bool(doc = "Whether it is compressed."),
        "srcs": attr.label_list(allow_files = True),
        "_bsdtar": attr.label(default = "//tools:bsdtar", allow_single_file = True),
        "_libraries": attr.label(default = "//tools:libraries"),
    },
)

# Digest, size and diff_id, a word each.
_DESCRIPTOR = """set -eu
digest=$(sha256sum < "$1") diff_id=$digest
case $1 in *.gz) diff_id=$(gzip -dc "$1" | sha256sum) ;; esac
echo "${digest%% *} $(stat -Lc %s "$1") ${diff_id%% *}" > "$2"
"""

# The output, "ln -s" or "cp", then a tar and its descriptor for each layer.
_IMAGE = """set -eu
output=$1 links=$2 && shift 2
blobs=$output/blobs/sha256
mkdir -p "$blobs"
oci=application/vnd.oci.image layers= diff_ids=
while [ $# -gt 0 ]; do
    read -r digest size diff_id < "$2"
    type=$oci.layer.v1.tar
    case $1 in *.gz) type=$type+gzip ;; esac
    if [ "$links" = 1 ]; then
        ln -s "$(realpath --no-symlinks --relative-to="$blobs" "$1")" "$blobs/$digest"
    else
        cp --no-preserve=mode "$1" "$blobs/$digest"
    fi
    layers="$layers,{\\"mediaType\\":\\"$type\\",\\"size\\":$size,\\"digest\\":\\"sha256:$digest\\"}"
    diff_ids="$diff_ids,\\"sha256:$diff_id\\""
    shift 2
done
put() {
    printf %s "$1" > "$blobs/new"
    digest=$(sha256sum < "$blobs/new") && digest=${digest%% *} size=${#1}
    mv "$blobs/new" "$blobs/$digest"
}
put "{\\"os\\":\\"linux\\",\\"architecture\\":\\"amd64\\",\\"rootfs\\":{\\"type\\":\\"layers\\",\\"diff_ids\\":[${diff_ids#,}]}}"
config="{\\"mediaType\\":\\"$oci.config.v1+json\\",\\"size\\":$size,\\"digest\\":\\"sha256:$digest\\"}"
put "{\\"schemaVersion\\":2,\\"mediaType\\":\\"$oci.manifest.v1+json\\",\\"config\\":$config,\\"layers\\":[${layers#,}]}"
manifest="{\\"mediaType\\":\\"$oci.manifest.v1+json\\",\\"size\\":$size,\\"digest\\":\\"sha256:$digest\\"}"
printf %s "{\\"schemaVersion\\":2,\\"manifests\\":[$manifest]}" > "$output/index.json"
printf %s '{"imageLayoutVersion":"1.0.0"}' > "$output/oci-layout"
"""

_DIGEST = """set -eu
sed 's/.*"digest":"\\([^"]*\\)".*/\\1/' "$1/index.json" > "$2"
"""

def _peer_image_impl(ctx):
    layout = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add_all([layout], expand_directories = False)
    arguments.add("1" if ctx.attr.links else "0")
    descriptors = []
    for number, tar in enumerate(ctx.files.tars):
        # Of each image anew, since its rule declares it.
        descriptor = ctx.actions.declare_file("%s.%d.descriptor" % (ctx.label.name, number))
        ctx.actions.run_shell(
            command = _DESCRIPTOR,
            mnemonic = "Descriptor",
            arguments = [tar.path, descriptor.path],
            inputs = [tar],
            outputs = [descriptor],
        )
        descriptors.append(descriptor)
        arguments.add(tar)
        arguments.add(descriptor)
    ctx.actions.run_shell(
        command = _IMAGE,
        mnemonic = "Image",
        arguments = [arguments],
        inputs = ctx.files.tars + descriptors,
        outputs = [layout],
    )
    digest = ctx.actions.declare_file(ctx.label.name + ".digest")
    ctx.actions.run_shell(
        command = _DIGEST,
        mnemonic = "Digest",
        arguments = [layout.path, digest.path],
        inputs = [layout],
        outputs = [digest],
    )
    return [DefaultInfo(files = depset([layout, digest]))]

peer_image = rule(
    implementation = _peer_image_impl,
    doc = "An image layout of tars, and its digest.",
    attrs = {
        "links": attr.bool(doc = "Whether blobs in the layout are links to the tars; else they are copies."),
        "tars": attr.label_list(allow_files = True),
    },
)
