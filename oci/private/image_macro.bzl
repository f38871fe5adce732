"""oci_image: the macro over oci_image_rule, with its helper targets."""

load(":image.bzl", "oci_image_rule")
load(":inspect.bzl", "inspect_target")
load(":macros.bzl", "common_attributes", "digest_target", "route")
load(":run_macros.bzl", "run_targets")

visibility("//oci/...")

BASE = "<rules_strata:base>"

def oci_image(
        name,
        *,
        entrypoint = None,
        cmd = None,
        env = None,
        labels = None,
        annotations = None,
        exposed_ports = None,
        volumes = None,
        healthcheck = None,
        repo_tags = None,
        repository = None,
        **kwargs):
    """An OCI image: layers on a base, and how to run them.

    ```starlark
    oci_image(
        name = "image",
        os = "linux",
        architecture = "amd64",
        tars = [":app"],
        entrypoint = ["/srv/server"],
    )
    ```

    Targets: `<name>`, an OCI image layout directory; `<name>.digest`, a file that holds `sha256:…`;
    `<name>.inspect`, which shows what is in it; `<name>.load` where repo_tags is given, `<name>.push` where repository is.

    docs/images.md says how values are merged with those of a base, and what expands where. Where a value is a `select`,
    name its form: a list goes to `cmd_list`, `entrypoint_list`, `exposed_ports_list` or `volumes_list`, a dict to
    `env_dict`, `labels_dict` or `annotations_dict`, and a health check is JSON; a `select` in the plain attribute is of labels.

    Args:
      name: string.
      entrypoint: list of strings, or label of a file with one argument a line. Clears an inherited cmd. `[]` unsets it;
        the item `BASE` stands for what is inherited.
      cmd: list of strings, or label of a file with one argument a line. As entrypoint.
      env: dict, or label of a file of `KEY=VALUE` lines. `$K` and `${K}` expand from base and earlier entries; `$$` is a
        dollar.
      labels: dict, or label of a file of `KEY=VALUE` lines, merged over those of base.
      annotations: dict, or label of a file of `KEY=VALUE` lines. They go on the manifest.
      exposed_ports: list such as `["8080", "53/udp"]`, or label of a file.
      volumes: list of paths, or label of a file.
      healthcheck: dict with `test` (list of strings), `interval`, `timeout`, `start_period` (such as `"30s"`) and
        `retries` (int).
      repo_tags: list of strings, or label of a file: the names that `<name>.load` gives the image.
      repository: string: where `<name>.push` pushes to.
      **kwargs: further attributes of oci_image_rule, and those common to all rules.
    """
    common = common_attributes(kwargs)
    unset = [
        attribute
        for attribute, value in [("cmd", cmd), ("entrypoint", entrypoint)]
        if value == []
    ]
    for attribute, value in [
        ("annotations", annotations),
        ("cmd", cmd),
        ("entrypoint", entrypoint),
        ("env", env),
        ("exposed_ports", exposed_ports),
        ("labels", labels),
        ("volumes", volumes),
    ]:
        route(kwargs, attribute, value)
    oci_image_rule(
        name = name,
        unset = kwargs.pop("unset", []) + unset,
        healthcheck = json.encode(healthcheck) if type(healthcheck) == "dict" else healthcheck,
        **(kwargs | common)
    )
    digest_target(name, common)
    inspect_target(name, common)
    run_targets(name, repo_tags = repo_tags, repository = repository, common = common)
