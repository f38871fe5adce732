"""The macro of every language's image: its layers, the image, and what goes with them."""

load("//oci/private:image_macro.bzl", "oci_image")
load("//oci/private:index_macro.bzl", "oci_image_index")
load("//oci/private:macros.bzl", "common_attributes")
load("//oci/private:run_macros.bzl", "oci_load")
load(":executables.bzl", "transitioned_binary", "united_binaries")
load(":layer_of.bzl", "binary_layer")
load(":linux.bzl", "linux_platform")

visibility("//oci/...")

# Attributes of the layers, for those who look for them among a macro's.
_LAYERS = [
    "compression",
    "compression_level",
    "gzip_members",
    "layer_groups",
    "owner",
    "root",
    "runfiles_root",
]

def _repository_name(path):
    """A path as the name of a repository: lower case, and nothing that registries refuse."""
    return "".join([letter if letter.isalnum() or letter in "/._-" else "-" for letter in path.lower().elems()])

def package_tag(binary):
    """The name of an image that nobody named: its package, or at the root of the repository its binary.

    Args:
      binary: Label.

    Returns:
      string.
    """
    return _repository_name(native.package_name() or binary.name) + ":latest"

def binary_tag(binary):
    """The name of an image that nobody named: its package and its binary.

    Args:
      binary: Label.

    Returns:
      string.
    """
    return _repository_name("/".join([part for part in (native.package_name(), binary.name) if part])) + ":latest"

def _helpers(common):
    """The common attributes of targets that are there for others."""
    return common | {"tags": common.get("tags", []) + ["manual"]}

def _binaries(name, binary, binaries):
    if (binary == None) == (not binaries):
        fail("%s: name what goes into the image: binary, or several as binaries." % name)
    binaries = binaries or [binary]
    if type(binaries) != "list" or any([type(each) not in ("string", "Label") for each in binaries]):
        fail("%s: a select in binary or binaries tells nothing before analysis. Name an alias, whose `actual` is the select." % name)
    return binaries

def _declare_layers(name, layers_rule, groups, binaries, platform, attributes, helpers):
    layers = name + ".layers"
    if len(binaries) > 1:
        united = name + ".binaries"
        united_binaries(name = united, binaries = binaries, **helpers)
        attributes = attributes | {"runfiles_of": united}
    layers_rule(name = layers, binaries = binaries, platform = platform, stem = name, **(attributes | helpers))
    own = attributes.get("layer_groups", {})
    for group in [group for group in own if group not in groups] + groups if type(own) == "dict" else groups:
        binary_layer(name = "%s.%s_layer" % (name, group), group = group, layers = layers, **helpers)
    return layers

def language_image(
        name,
        *,
        layers_rule,
        groups,
        binary = None,
        binaries = [],
        platform = None,
        platforms = [],
        repo_tags = None,
        repository = "",
        layers_attributes = {},
        default_tag = binary_tag,
        runnable = None,
        standalone = None,
        base = None,
        **kwargs):
    """Declares the targets of a language's image.

    Args:
      name: string.
      layers_rule: rule made by binary_layers_rule.
      groups: list of strings. The names of the layers that the language always has.
      binary: label.
      binaries: list of labels, in place of binary.
      platform: label. Default: the target platform, or Linux on its CPU.
      platforms: list of labels. Makes `<name>` an index.
      repo_tags: list of strings, or label of a file. Default: what default_tag says.
      repository: string. Where `<name>.push` pushes to; empty: where its command line says.
      layers_attributes: dict. Attributes of the layers that the language adds.
      default_tag: function from a Label to a string.
      runnable: string. The name of a target that is the binary as it is in the image. Default: none.
      standalone: bool. Whether a binary that is linked dynamically is an error. Default: where the image has nothing else.
      base: label. Default: from scratch.
      **kwargs: attributes of the layers, of oci_image, and those common to all rules.
    """
    common = common_attributes(kwargs)
    helpers = _helpers(common)
    binaries = _binaries(name, binary, binaries)
    attributes = layers_attributes | {key: kwargs.pop(key) for key in _LAYERS if key in kwargs}
    if standalone == None:
        standalone = base == None and not kwargs.get("tars") and "entrypoint" not in kwargs
    attributes["standalone"] = standalone
    if platform and platforms:
        fail("%s: platform is for an image, platforms for an index of images: set one of them." % name)

    # Built for each platform of an index, whatever the machine is.
    platform = None if platforms else platform or linux_platform()
    layers = _declare_layers(name, layers_rule, groups, binaries, platform, attributes, helpers)
    if runnable:
        transitioned_binary(name = runnable, binary = binaries[0], platform = platform, **helpers)
    if repo_tags == None:
        repo_tags = [default_tag(native.package_relative_label(binaries[0]))]
    loads = {"repo_tags": repo_tags or None, "repository": repository}
    if platforms:
        oci_image(name = name + ".image", base = base, binary = layers, **(kwargs | helpers))
        oci_image_index(name = name, images = [name + ".image"], platforms = platforms, **(loads | common))
    else:
        oci_image(name = name, base = base, binary = layers, platform = platform, **(kwargs | loads | common))
        if repo_tags:
            oci_load(name = name + ".tar", image = name, repo_tags = repo_tags, **helpers)
