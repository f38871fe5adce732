"""Actions of `pack`: what becomes a layer."""

load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load(":run.bzl", "few_cpus", "many_cpus", "run")

visibility("//oci/...")

def pack_layer(ctx, *, arguments, entries, inputs, blob, metadata, mtree, large, unused = None):
    """OciLayer: files to a layer.

    Args:
      ctx: the rule's context.
      arguments: list of Args, without inputs and outputs.
      entries: list of Args from layer_entries.bzl.
      inputs: depset of File.
      blob: File, declared.
      metadata: File, declared.
      mtree: File, declared.
      large: bool. Whether the layer holds trees or runfiles, of which nobody knows the size.
      unused: File, declared; or None. Lists the inputs of which the layer holds nothing, so that a change in them doesn't pack it again.
    """
    head = ctx.actions.args()
    head.add("layer")
    outputs = ctx.actions.args()
    outputs.add("--blob", blob)
    outputs.add("--metadata", metadata)
    outputs.add("--mtree", mtree)
    if unused:
        outputs.add("--unused", unused)
    run(
        ctx,
        PACK_TOOLCHAIN_TYPE,
        mnemonic = "OciLayer",
        verb = "Layering",
        arguments = [head, outputs] + arguments + entries,
        inputs = inputs,
        outputs = [blob, metadata, mtree] + ([unused] if unused else []),
        unused_inputs_list = unused,
        resource_set = many_cpus if large else few_cpus,
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
    run(
        ctx,
        PACK_TOOLCHAIN_TYPE,
        mnemonic = "OciLayerImport",
        verb = "Importing a layer of",
        arguments = [files, arguments],
        inputs = depset([tar]),
        outputs = [metadata, mtree] + ([blob] if blob else []),
        resource_set = few_cpus,
    )
