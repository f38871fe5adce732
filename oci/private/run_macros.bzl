"""oci_push, oci_load and oci_deploy: the macros over the rules of run targets."""

load(":deploy.bzl", "oci_deploy_rule")
load(":load.bzl", "oci_load_rule")
load(":macros.bzl", "route")
load(":push.bzl", "oci_push_rule")

visibility("//oci/...")

def _ship(run_on):
    if run_on not in ("host", "target"):
        fail("run_on is \"host\" or \"target\", not %r" % run_on)
    return Label("//oci/private:ship_on_" + run_on)

def oci_push(name, *, image, remote_tags = None, run_on = "host", **kwargs):
    """Pushes an image, an index or an artifact to a registry: `bazel run :<name>`.

    Prints `REPOSITORY@sha256:…` last and alone on standard output. `bazel run :<name> -- --help` lists what can be set
    on the command line; docs/push-and-load.md says more, and from where else the target can be run.

    `{STABLE_GIT_COMMIT}` and any other key of the workspace status in repository, tags, and the files that hold them
    gets its value when the target runs, and `{digest}` the image's digest without `sha256:`. So a new commit gives new
    tags and rebuilds no image.

    Args:
      name: string.
      image: label of an `oci_image`, `oci_image_index` or `oci_artifact`.
      remote_tags: list of strings, or label of a file with one tag a line. None: pushed by digest only.
      run_on: `host`, the machine that `bazel run` runs on, or `target`, for a test or a binary that runs it elsewhere.
      **kwargs: repository or repository_file, platform_tags, blob_repository, mount_from, referrers, signer,
        push_during_build, and the attributes common to all rules that run.
    """
    route(kwargs, "remote_tags", remote_tags)
    oci_push_rule(name = name, image = image, ship = _ship(run_on), **kwargs)

def oci_load(name, *, image, repo_tags, run_on = "host", **kwargs):
    """Loads an image into a container runtime: `bazel run :<name>`.

    The daemon pulls it from a registry that lives on loopback for that long, so that layers it has don't move.
    Prints `Loaded image: REF` for each tag. Stamps in repo_tags get their values when the target runs, as in `oci_push`.

    Args:
      name: string.
      image: label of an `oci_image` or `oci_image_index`.
      repo_tags: list of strings such as `app:latest`, or label of a file with one a line.
      run_on: `host`, the machine that `bazel run` runs on, or `target`, for a test or a binary that runs it elsewhere.
      **kwargs: format, loader, and the attributes common to all rules.
    """
    route(kwargs, "repo_tags", repo_tags)
    oci_load_rule(name = name, image = image, ship = _ship(run_on), **kwargs)

def oci_deploy(name, *, pushes = [], loads = [], run_on = "host", **kwargs):
    """Pushes and loads many images in one command: `bazel run :<name>`.

    All names, files and credentials are checked before anything is sent. Then the pushes run at once, each blob once for
    each registry, and after them the loads. One that fails leaves the others as they are. docs/deploy.md says more, and
    `bazel run :<name> -- --help` what can be set on the command line.

    Args:
      name: string.
      pushes: labels of `oci_push` targets.
      loads: labels of `oci_load` targets.
      run_on: `host`, the machine that `bazel run` runs on, or `target`, for a test or a binary that runs it elsewhere.
      **kwargs: the attributes common to all rules.
    """
    oci_deploy_rule(name = name, pushes = pushes, loads = loads, ship = _ship(run_on), **kwargs)

def run_targets(name, *, repo_tags, repository, common):
    """Declares `<name>.load` and `<name>.push`, each where its place is known.

    Args:
      name: string. The image or index.
      repo_tags: list of strings, or label of a file: the names that a load gives it. None: no `<name>.load`.
      repository: string: where a push goes. None: no `<name>.push`.
      common: dict. The attributes common to all rules.
    """
    if repo_tags != None:
        oci_load(name = name + ".load", image = name, repo_tags = repo_tags, **common)
    if repository != None:
        oci_push(name = name + ".push", image = name, repository = repository, **common)
