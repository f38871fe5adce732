"""Every action of rules_strata: the one file that calls ctx.actions.run.

What holds for all of them is written down once here: the toolchain is named (so that each action gets its own
execution group), output paths may be mapped unless an action says why not, and files are passed as File, never as a path in
a string.
"""

load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "FETCH_TOOLCHAIN_TYPE", "PACK_TOOLCHAIN_TYPE")
load(":content.bzl", "blob_of", "credentials_of")

visibility("//oci/...")

# Output directories may be rewritten (--experimental_output_paths=strip), so that equal actions of different
# configurations share cache entries. OciIndex over a split transition may collide under it; Bazel then runs it unmapped.
_PATH_MAPPING = {"supports-path-mapping": "1"}

# pack reads ahead with several threads and compresses on all cores that it is granted; Bazel schedules it for as many as
# it mostly uses. A tree counts as one input, so its number of inputs says nothing about a layer's size.
def _few_cpus(_os, _inputs):
    return {"cpu": 2}

def _many_cpus(_os, _inputs):
    return {"cpu": 4}

def new_arguments(ctx):
    """A command line that is always passed as a file, one argument a line.

    Args:
      ctx: a rule's or aspect's context.

    Returns:
      Args. A value must not hold a newline, which JSON's escapes see to.
    """
    arguments = ctx.actions.args()
    arguments.set_param_file_format("multiline")
    arguments.use_param_file("@%s", use_always = True)
    return arguments

def _run(ctx, toolchain, mnemonic, verb, arguments, inputs, outputs, requirements = {}, mapped = True, **kwargs):
    ctx.actions.run(
        executable = ctx.toolchains[toolchain].tool,
        toolchain = toolchain,
        mnemonic = mnemonic,
        progress_message = verb + " %{label}",
        arguments = arguments,
        inputs = inputs,
        outputs = outputs,
        execution_requirements = (_PATH_MAPPING if mapped else {}) | requirements,
        **kwargs
    )

def pack_layer(ctx, *, arguments, entries, inputs, blob, metadata, mtree, large):
    """OciLayer: files to a layer.

    Args:
      ctx: the rule's context.
      arguments: Args from new_arguments, without inputs and outputs.
      entries: list of Args from layer_entries.bzl.
      inputs: depset of File.
      blob: File, declared.
      metadata: File, declared.
      mtree: File, declared.
      large: bool. Whether the layer holds trees or runfiles, of which nobody knows the size.
    """
    head = ctx.actions.args()
    head.add("layer")
    outputs = ctx.actions.args()
    outputs.add("--blob", blob)
    outputs.add("--metadata", metadata)
    outputs.add("--mtree", mtree)
    _run(
        ctx,
        PACK_TOOLCHAIN_TYPE,
        mnemonic = "OciLayer",
        verb = "Layering",
        arguments = [head, outputs, arguments] + entries,
        inputs = inputs,
        outputs = [blob, metadata, mtree],
        resource_set = _many_cpus if large else _few_cpus,
    )

def import_layer(ctx, *, arguments, tar, blob, metadata, mtree):
    """OciLayerImport: a tar from elsewhere to a layer.

    Args:
      ctx: a rule's or aspect's context.
      arguments: Args, without inputs and outputs.
      tar: File.
      blob: File, declared; or None where the tar is the layer's blob as it is.
      metadata: File, declared.
      mtree: File, declared.
    """
    files = ctx.actions.args()
    files.add("import")
    files.add("--tar", tar)
    if blob:
        files.add("--blob", blob)
    files.add("--metadata", metadata)
    files.add("--mtree", mtree)
    _run(
        ctx,
        PACK_TOOLCHAIN_TYPE,
        mnemonic = "OciLayerImport",
        verb = "Importing a layer of",
        arguments = [files, arguments],
        inputs = depset([tar]),
        outputs = [metadata, mtree] + ([blob] if blob else []),
        resource_set = _few_cpus,
    )

def _assemble(ctx, mnemonic, verb, arguments, inputs, outputs, requirements = {}, mapped = True, resource_set = None):
    _run(
        ctx,
        ASSEMBLE_TOOLCHAIN_TYPE,
        mnemonic = mnemonic,
        verb = verb,
        arguments = [arguments],
        inputs = inputs,
        outputs = outputs,
        requirements = requirements,
        mapped = mapped,
        resource_set = resource_set,
    )

def import_base(ctx, *, source, platform, reference, label, manifest, config, tree, archive, descriptor = None, digest = None):
    """OciBaseImport: the one image of a layout directory or an archive that fits the target platform, checked blob by blob.

    Args:
      ctx: a rule's or aspect's context.
      source: File, a layout directory or an archive.
      platform: string or None. `os/architecture[/variant]` to choose where the source holds several images.
      reference: string or None. The name to choose where images of the source have several.
      label: string. The source's target, for messages.
      manifest: File, declared.
      config: File, declared.
      tree: File, a declared directory that gets the layers of an archive, as blobs/sha256/HEX; None where the source is a
        directory for sure.
      archive: bool. Whether the source must be an archive.
      descriptor: File, declared; or None.
      digest: File, declared; None together with descriptor.
    """
    arguments = new_arguments(ctx)
    arguments.add("base")
    arguments.add_all("--source", [source], expand_directories = False)
    arguments.add("--label", label)
    if platform:
        arguments.add("--platform", platform)
    if reference:
        arguments.add("--reference", reference)
    if archive:
        arguments.add("--archive")
    if tree:
        arguments.add_all("--tree", [tree], expand_directories = False)
    arguments.add("--manifest", manifest)
    arguments.add("--config", config)
    if descriptor:
        arguments.add("--descriptor", descriptor)
        arguments.add("--digest", digest)
    outputs = [file for file in [manifest, config, tree, descriptor, digest] if file]

    # Layers that are plain tars are compressed.
    _assemble(ctx, "OciBaseImport", "Reading base", arguments, depset([source]), outputs, resource_set = _few_cpus if tree else None)

def write_manifest(ctx, *, arguments, inputs, status_files, base, layers, manifest, config, descriptor, digest):
    """OciManifest: manifest and config of an image, from the metadata of its layers. Never sees a blob.

    Args:
      ctx: the rule's context.
      arguments: Args from new_arguments that start with `manifest` and hold the spec and what it names.
      inputs: list of File that arguments name.
      status_files: list of File. Those of Bazel's status files that hold stamps of the image.
      base: OciImageInfo, or struct(manifest, config, layers); or None. Its layers, as far as they are known, say what
        the layers on top of them would replace.
      layers: list of OciLayerInfo, those that come on top of base.
      manifest: File, declared.
      config: File, declared.
      descriptor: File, declared.
      digest: File, declared.
    """
    metadata = [layer.metadata for layer in layers]
    below = [layer.metadata for layer in base.layers] if base else []
    inputs = inputs + status_files
    arguments.add_all(status_files, before_each = "--status-file")
    if base:
        inputs = inputs + [base.manifest, base.config]
        arguments.add("--base-manifest", base.manifest)
        arguments.add("--base-config", base.config)
        arguments.add_all(below, before_each = "--base-layer")
    arguments.add_all(metadata, before_each = "--layer")
    arguments.add("--manifest", manifest)
    arguments.add("--config", config)
    arguments.add("--descriptor", descriptor)
    arguments.add("--digest", digest)
    _assemble(
        ctx,
        "OciManifest",
        "Writing manifest of",
        arguments,
        depset(inputs + below + metadata),
        [manifest, config, descriptor, digest],
        # A mapped bazel-out/stable-status.txt is bazel-out/cfg, which isn't there: it belongs to no configuration.
        mapped = not status_files,
    )

def write_index(ctx, *, spec, annotations, images, index, descriptor, digest):
    """OciIndex: an index of images, from their descriptors. Never sees a blob.

    Args:
      ctx: the rule's context.
      spec: dict, the index's spec (docs/architecture.md).
      annotations: File or None. Annotations that aren't in the spec.
      images: list of OciImageInfo or OciIndexInfo.
      index: File, declared.
      descriptor: File, declared.
      digest: File, declared.
    """
    descriptors = [image.descriptor for image in images]
    inputs = descriptors + ([annotations] if annotations else [])
    arguments = new_arguments(ctx)
    arguments.add("index")
    arguments.add("--spec", json.encode(spec))
    if annotations:
        arguments.add("--annotations-file", annotations)
    arguments.add_all(descriptors, before_each = "--image")
    arguments.add("--index", index)
    arguments.add("--descriptor", descriptor)
    arguments.add("--digest", digest)
    _assemble(ctx, "OciIndex", "Writing index", arguments, depset(inputs), [index, descriptor, digest])

def write_artifact(ctx, *, spec, annotations, config, files, subject, layers, manifest, descriptor, digest):
    """OciArtifact: the manifest of files that are no image, which it reads for their digests. Never sees a blob of subject.

    Args:
      ctx: the rule's context.
      spec: dict, the artifact's spec (crates/assemble/src/artifact.rs).
      annotations: File or None. Annotations that aren't in the spec.
      config: File.
      files: list of File, in the order of the spec.
      subject: OciImageInfo, OciIndexInfo, OciArtifactInfo or None. What the artifact is about.
      layers: list of File, declared: the layer.json of each file.
      manifest: File, declared.
      descriptor: File, declared.
      digest: File, declared.
    """
    optional = [(flag, file) for flag, file in [
        ("--annotations-file", annotations),
        ("--subject", subject.descriptor if subject else None),
    ] if file]
    arguments = new_arguments(ctx)
    arguments.add("artifact")
    arguments.add("--spec", json.encode(spec))
    arguments.add("--config", config)
    for flag, file in optional:
        arguments.add(flag, file)
    arguments.add_all(files, before_each = "--file")
    arguments.add_all(layers, before_each = "--layer")
    arguments.add("--manifest", manifest)
    arguments.add("--descriptor", descriptor)
    arguments.add("--digest", digest)
    _assemble(
        ctx,
        "OciArtifact",
        "Writing manifest of",
        arguments,
        depset([config] + files + [file for _, file in optional]),
        layers + [manifest, descriptor, digest],
    )

def _add_content(arguments, content):
    """Adds all that an image or index consists of, for who needs the bytes."""
    arguments.add("--root", content.root)
    arguments.add_all(content.manifests, before_each = "--manifest")
    arguments.add_all(content.configs, before_each = "--config")
    for layer in content.layers:
        if blob_of(layer):
            arguments.add("--layer", layer.metadata)
            arguments.add("--blob", blob_of(layer))
    arguments.add_all(content.blob_trees, before_each = "--blob-tree", expand_directories = False)

def write_reference(ctx, *, label, repository, repository_file, digest, reference):
    """OciReference: the name of an image in a repository, by digest. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      label: string. The push's target, for messages.
      repository: string; empty where repository_file holds it, or nothing does, which the action says.
      repository_file: File or None.
      digest: File. The image's digest.
      reference: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("reference")
    arguments.add("--label", label)
    if repository:
        arguments.add("--repository", repository)
    if repository_file:
        arguments.add("--repository-file", repository_file)
    arguments.add("--digest", digest)
    arguments.add("--output", reference)
    inputs = [digest] + ([repository_file] if repository_file else [])
    _assemble(ctx, "OciReference", "Naming the image of", arguments, depset(inputs), [reference])

def write_layout(ctx, *, content, layout, resource_set = None):
    """OciLayout: the layout directory. Runs only where somebody asks for it; push and load never do.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      layout: File, declared directory.
      resource_set: function or None. What Bazel schedules the action for.
    """
    arguments = new_arguments(ctx)
    arguments.add("layout")
    _add_content(arguments, content)
    arguments.add_all("--output", [layout], expand_directories = False)
    _assemble(
        ctx,
        "OciLayout",
        "Laying out",
        arguments,
        content.complete,
        [layout],
        # Blobs are hard-linked into the layout instead of copied. The sandbox is another file system: EXDEV.
        requirements = {"no-sandbox": "1"},
        # Without a sandbox nothing puts the inputs where mapped paths say.
        mapped = False,
        resource_set = resource_set,
    )

def fetch_layer(ctx, *, label, digest, size, sources, blob, urls = []):
    """OciFetch: one layer of a pulled image, from the first place that has it. Runs only for a layout, an archive or a listing.

    Digest and size are checked on the way, so the output is as good as any other and is cached like any other. The
    action runs on this machine, since remote ones mostly have no way out and no credentials. It finds docker's and
    podman's configuration in the user's home directory; variables such as DOCKER_CONFIG, HTTPS_PROXY or SSL_CERT_FILE
    reach it by --action_env.

    Args:
      ctx: the rule's context, with FETCH_TOOLCHAIN_TYPE.
      label: string. The layer's target, for messages.
      digest: string, `sha256:…`.
      size: int, in bytes.
      sources: list of struct(registry, repository, credentials), as in OciImageInfo.sources, in the order to ask. Those
        with credentials have the same file.
      blob: File, declared.
      urls: list of string. Where else a layer may be had that its registry doesn't distribute: the `urls` of its
        descriptor. Asked last.
    """
    arguments = ctx.actions.args()
    arguments.add("fetch")
    arguments.add("--label", label)
    arguments.add("--digest", digest)
    arguments.add("--size", size)
    arguments.add_all(["%s/%s" % (source.registry, source.repository) for source in sources], before_each = "--source")
    arguments.add_all(urls, before_each = "--url")
    credentials = [credentials_of(source) for source in sources if credentials_of(source)][:1]
    arguments.add_all(credentials, before_each = "--credentials")
    arguments.add("--output", blob)
    _run(
        ctx,
        FETCH_TOOLCHAIN_TYPE,
        mnemonic = "OciFetch",
        verb = "Fetching a layer of",
        arguments = [arguments],
        inputs = depset(credentials),
        outputs = [blob],
        requirements = {"no-remote-exec": "1", "requires-network": "1"},
        use_default_shell_env = True,
    )

def upload_image(ctx, *, spec, inputs, result):
    """OciPush: an image or index to a registry, by its digest and with no tag, while the rest of the build goes on.

    What it says of a registry is true when it runs, and may not be later or to others. So its result is kept in no cache but in this
    output tree, and nothing takes it for true: a push asks the registry again. It runs on this machine, with credentials as
    OciFetch has them.

    Args:
      ctx: the rule's context, with FETCH_TOOLCHAIN_TYPE.
      spec: File. The spec of the push, in which files are named by their places in the execution root.
      inputs: depset of File. What the spec names.
      result: File, declared. JSON: what was pushed, and how much of it was sent.
    """
    arguments = ctx.actions.args()
    arguments.add("upload")
    arguments.add("--spec", spec)
    arguments.add("--output", result)
    _run(
        ctx,
        FETCH_TOOLCHAIN_TYPE,
        mnemonic = "OciPush",
        verb = "Pushing",
        arguments = [arguments],
        inputs = depset([spec], transitive = [inputs]),
        outputs = [result],
        requirements = {"no-cache": "1", "no-remote-exec": "1", "requires-network": "1"},
        # The spec holds paths, which nobody would map.
        mapped = False,
        use_default_shell_env = True,
    )

def write_archive(ctx, *, content, format, label, archive, tags = [], tags_file = None, status = []):
    """OciArchive: everything in one tar, for `docker load` and others. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      format: string. `docker`, for an image; or `oci`, also for an index.
      label: string. The target, for messages.
      archive: File, declared.
      tags: list of strings. Names that loading the archive gives the image.
      tags_file: File or None. Holds further names, one a line.
      status: list of File. Bazel's status files that hold the values of stamps in names.
    """
    arguments = new_arguments(ctx)
    arguments.add("archive")
    arguments.add("--format", format)
    arguments.add("--label", label)
    _add_content(arguments, content)
    arguments.add_all(tags, before_each = "--tag")
    if tags_file:
        arguments.add("--tags-file", tags_file)
    arguments.add_all(status, before_each = "--status-file")
    arguments.add("--output", archive)
    inputs = depset(status + ([tags_file] if tags_file else []), transitive = [content.complete])

    # Status files are not where mapped paths say.
    _assemble(ctx, "OciArchive", "Archiving", arguments, inputs, [archive], mapped = not status)

def unpack_debs(ctx, *, label, debs, links, exclude, platform, assumed, keep_mtime, tar):
    """OciDebs: Debian packages to a tar, which OciLayer merges into a layer.

    Args:
      ctx: the rule's context.
      label: string. The layer's target, for messages.
      debs: list of File, in the order in which they are unpacked.
      links: dict of path in the image to target. Directories of packages that are links there.
      exclude: list of string. Globs of paths that are left out.
      platform: string or None. What packages must be for, unless they are for all.
      assumed: bool. Whether that is only what is being built for.
      keep_mtime: bool. Whether files keep their times.
      tar: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("debs")
    arguments.add("--label", label)
    arguments.add_all(debs, before_each = "--deb")
    arguments.add_all(["%s=%s" % link for link in links.items()], before_each = "--link")
    arguments.add_all(exclude, before_each = "--exclude")
    if platform:
        arguments.add("--platform", platform)
        if assumed:
            arguments.add("--platform-is-assumed")
    if keep_mtime:
        arguments.add("--keep-mtime")
    arguments.add("--output", tar)
    _assemble(ctx, "OciDebs", "Unpacking packages of", arguments, depset(debs), [tar])

def bundle_certificates(ctx, *, label, sources, bundle):
    """OciCaCerts: files, directories and packages to one file of certificates.

    Args:
      ctx: the rule's context.
      label: string. The layer's target, for messages.
      sources: list of File.
      bundle: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("ca-certs")
    arguments.add("--label", label)
    arguments.add_all(sources, before_each = "--source", expand_directories = False)
    arguments.add("--output", bundle)
    _assemble(ctx, "OciCaCerts", "Bundling certificates of", arguments, depset(sources), [bundle])

def _look_into(ctx, mnemonic, verb, command, image, output, blob_of):
    """An action that wants to know what is in layers: from the listing of each, or else from the blob that blob_of gives, if any."""
    listed = [layer for layer in image.layers if layer.mtree]
    unlisted = [layer for layer in image.layers if not layer.mtree and blob_of(layer)]
    arguments = new_arguments(ctx)
    arguments.add(command)
    arguments.add("--label", image.label)
    arguments.add("--manifest", image.manifest)
    arguments.add("--config", image.config)
    for layer in listed:
        arguments.add("--layer", layer.metadata)
        arguments.add("--mtree", layer.mtree)
    for layer in unlisted:
        arguments.add("--unlisted-layer", layer.metadata)
        arguments.add("--blob", blob_of(layer))
    arguments.add_all(image.blob_trees, before_each = "--blob-tree", expand_directories = False)
    arguments.add("--output", output)
    inputs = depset(
        [image.manifest, image.config] + [layer.metadata for layer in listed + unlisted] +
        [layer.mtree for layer in listed] + [blob_of(layer) for layer in unlisted],
        transitive = [image.blob_trees],
    )
    _assemble(ctx, mnemonic, verb, arguments, inputs, [output])

def write_tree(ctx, *, image, mtree):
    """OciTree: a listing of what a container of the image sees. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      image: OciImageInfo.
      mtree: File, declared.
    """
    _look_into(ctx, "OciTree", "Listing", "tree", image, mtree, blob_of)

def write_report(ctx, *, image, report):
    """OciReport: what is in the image, as JSON. Runs only where somebody asks for it.

    A layer of a pulled image is not fetched for it: nobody who looks at an image waits for all of its base.

    Args:
      ctx: the rule's context.
      image: OciImageInfo.
      report: File, declared.
    """
    _look_into(ctx, "OciReport", "Reporting on", "report", image, report, lambda layer: layer.blob)

def write_index_report(ctx, *, label, index, nested, reports, report):
    """OciReport of an index: the reports on its images in one. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      label: string. The index's target.
      index: File.
      nested: list of File. The indexes that are listed in the index, at any depth.
      reports: list of File. The reports on all images.
      report: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("index-report")
    arguments.add("--label", label)
    arguments.add("--index", index)
    arguments.add_all(nested, before_each = "--nested")
    arguments.add_all(reports, before_each = "--report")
    arguments.add("--output", report)
    _assemble(ctx, "OciReport", "Reporting on", arguments, depset([index] + nested + reports), [report])
