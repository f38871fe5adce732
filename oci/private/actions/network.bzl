"""Actions of `ship`: the two that ask a registry during a build."""

load("//oci:toolchain.bzl", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private:content.bzl", "credentials_of")
load(":run.bzl", "run")

visibility("//oci/...")

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
    run(
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
    run(
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
