"""Actions that write manifests, and what a manifest is made from: no layer is among their inputs, but for an archive that is split."""

load(":run.bzl", "assemble", "few_cpus", "new_arguments")

visibility("//oci/...")

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
    assemble(ctx, "OciBaseImport", "Reading base", arguments, depset([source]), outputs, resource_set = few_cpus if tree else None)

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
    assemble(
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
    assemble(ctx, "OciIndex", "Writing index", arguments, depset(inputs), [index, descriptor, digest])

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
    assemble(
        ctx,
        "OciArtifact",
        "Writing manifest of",
        arguments,
        depset([config] + files + [file for _, file in optional]),
        layers + [manifest, descriptor, digest],
    )

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
    assemble(ctx, "OciReference", "Naming the image of", arguments, depset(inputs), [reference])
