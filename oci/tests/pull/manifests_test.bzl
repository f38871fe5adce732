"""Unit tests of what is read from manifests, indexes and configs."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private/pull:manifests.bzl", "choose", "images_of", "is_index", "layer_metadata", "mismatch", "platform_of_config", "platform_text", "wrong_manifest")

visibility("//oci/tests/...")

_OCI_CONFIG = {"digest": "sha256:c", "mediaType": "application/vnd.oci.image.config.v1+json"}
_DOCKER_CONFIG = {"digest": "sha256:c", "mediaType": "application/vnd.docker.container.image.v1+json"}

def _layer(media_type, digest = "sha256:1", **fields):
    return {"digest": digest, "mediaType": media_type, "size": 7} | fields

def _manifests_test_impl(ctx):
    env = unittest.begin(ctx)
    gzip = _layer("application/vnd.oci.image.layer.v1.tar+gzip")
    for document, says in [
        ({"config": _OCI_CONFIG, "layers": []}, None),
        ({"config": _DOCKER_CONFIG, "layers": [_layer("application/vnd.docker.image.rootfs.diff.tar.gzip")]}, None),
        ({"config": _OCI_CONFIG, "layers": [gzip], "schemaVersion": 2}, None),
        (None, "not JSON"),
        ([], "not JSON"),
        ({}, "no config"),
        ({"config": _OCI_CONFIG}, "no layers"),
        ({"fsLayers": [], "schemaVersion": 1}, "schema 1"),
        ({"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"}, "layers": []}, "application/vnd.cncf.helm.config.v1+json"),
        ({"artifactType": "application/x", "config": {"mediaType": "application/vnd.oci.empty.v1+json"}, "layers": []}, "application/x"),
        ({"config": _OCI_CONFIG, "layers": [_layer("text/plain")]}, "text/plain"),
        ({"config": _OCI_CONFIG, "layers": [gzip | {"digest": "sha512:1"}]}, "sha256"),
    ]:
        wrong = wrong_manifest(document)
        if says == None:
            asserts.equals(env, None, wrong)
        else:
            asserts.true(env, says in wrong, wrong)
    asserts.true(env, is_index({"manifests": []}))
    asserts.false(env, is_index({"layers": []}))
    return unittest.end(env)

_manifests_test = unittest.make(_manifests_test_impl)

def _image(platform, **fields):
    os, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    return {"digest": platform, "platform": {"architecture": architecture, "os": os} | ({"variant": variant} if variant else {})} | fields

def _indexes_test_impl(ctx):
    env = unittest.begin(ctx)
    nested = {"digest": "n", "mediaType": "application/vnd.oci.image.index.v1+json"}
    docker = {"digest": "d", "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}
    plain = {"digest": "p", "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    amd64 = _image("linux/amd64")
    images, indexes = images_of({"manifests": [
        amd64,
        nested,
        _image("unknown/unknown"),
        docker,
        plain,
        _image("linux/arm64", artifactType = "application/x"),
    ]})
    asserts.equals(env, [amd64, plain], images)
    asserts.equals(env, [nested, docker], indexes)

    usual = [_image(name) for name in ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "windows/amd64", "linux/mips/x"]]
    for wanted, found in [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", None),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm64/v9", None),
        ("linux/mips", "linux/mips/x"),
        ("linux/s390x", None),
        ("windows/amd64", "windows/amd64"),
    ]:
        image = choose(usual, wanted)
        asserts.equals(env, found, image and image["digest"], wanted)
    asserts.equals(env, None, choose([_image("linux/mips/x"), _image("linux/mips/y")], "linux/mips"))
    asserts.equals(env, None, choose([plain], "linux/amd64"))
    return unittest.end(env)

_indexes_test = unittest.make(_indexes_test_impl)

def _configs_test_impl(ctx):
    env = unittest.begin(ctx)
    config = {"architecture": "arm64", "config": {}, "os": "linux", "os.version": "", "variant": "v8"}
    asserts.equals(env, {"architecture": "arm64", "os": "linux", "variant": "v8"}, platform_of_config(config))
    asserts.equals(env, "linux/arm64/v8", platform_text(config))
    for wanted, found in [("linux/arm64", None), ("linux/arm64/v9", None), ("linux/amd64", "linux/arm64"), ("windows/arm64", "linux/arm64")]:
        asserts.equals(env, found, mismatch(config, wanted), wanted)
    asserts.equals(env, None, mismatch({}, "linux/amd64"))
    return unittest.end(env)

_configs_test = unittest.make(_configs_test_impl)

def _layers_test_impl(ctx):
    env = unittest.begin(ctx)
    for media_type, expected in [
        ("application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"),
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
        ("application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar"),
    ]:
        manifest = {"config": _OCI_CONFIG, "layers": [_layer(media_type), _layer(media_type, digest = "sha256:2")]}
        asserts.equals(env, None, wrong_manifest(manifest))
        layers, wrong = layer_metadata(manifest, {"rootfs": {"diff_ids": ["sha256:a", "sha256:b"]}}, "r.example/x", ["sha256:2"])
        asserts.equals(env, None, wrong)
        asserts.equals(env, {
            "blob": {"kind": "remote"},
            "diff_id": "sha256:a",
            "digest": "sha256:1",
            "history": {"created_by": "r.example/x"},
            "media_type": expected,
            "size": 7,
            "v": 1,
        }, layers[0])
        asserts.equals(env, ("sha256:2", "sha256:b", {"kind": "file"}), (layers[1]["digest"], layers[1]["diff_id"], layers[1]["blob"]))
        for config in [{}, {"rootfs": None}, {"rootfs": {"diff_ids": ["sha256:a"]}}]:
            layers, wrong = layer_metadata(manifest, config, "r.example/x")
            asserts.equals(env, None, layers)
            asserts.true(env, "2 layers" in wrong, wrong)
    return unittest.end(env)

_layers_test = unittest.make(_layers_test_impl)

def manifests_test_suite(name):
    """Declares the tests.

    Args:
      name: string.
    """
    unittest.suite(name, _manifests_test, _indexes_test, _configs_test, _layers_test)
