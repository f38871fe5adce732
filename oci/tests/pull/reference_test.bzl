"""Unit tests of names of images."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private/pull:reference.bzl", "hub_hint", "is_digest", "is_loopback", "parse_image", "parse_mirror", "parse_repository", "parse_source", "without_port")

visibility("//oci/tests/...")

_DIGEST = "sha256:" + "0123456789abcdef" * 4

def _images_test_impl(ctx):
    env = unittest.begin(ctx)
    for image, scheme, host, name, tag, digest in [
        ("debian", "https", "index.docker.io", "docker.io/library/debian", None, None),
        ("debian:bookworm", "https", "index.docker.io", "docker.io/library/debian", "bookworm", None),
        ("bitnami/redis", "https", "index.docker.io", "docker.io/bitnami/redis", None, None),
        ("docker.io/debian", "https", "index.docker.io", "docker.io/library/debian", None, None),
        ("index.docker.io/library/debian", "https", "index.docker.io", "docker.io/library/debian", None, None),
        ("gcr.io/distroless/static:nonroot", "https", "gcr.io", "gcr.io/distroless/static", "nonroot", None),
        ("gcr.io/a/b:v1@" + _DIGEST, "https", "gcr.io", "gcr.io/a/b", "v1", _DIGEST),
        ("gcr.io/a/b@" + _DIGEST, "https", "gcr.io", "gcr.io/a/b", None, _DIGEST),
        ("r.example:5000/app", "https", "r.example:5000", "r.example:5000/app", None, None),
        ("http://r.example:5000/app:v1", "http", "r.example:5000", "r.example:5000/app", "v1", None),
        ("http://registry/app", "http", "registry", "registry/app", None, None),
        ("https://localhost:5000/app", "https", "localhost:5000", "localhost:5000/app", None, None),
        ("localhost/app", "http", "localhost", "localhost/app", None, None),
        ("localhost:5000/app", "http", "localhost:5000", "localhost:5000/app", None, None),
        ("127.0.0.1:5000/team/app", "http", "127.0.0.1:5000", "127.0.0.1:5000/team/app", None, None),
        ("[::1]:5000/app", "http", "[::1]:5000", "[::1]:5000/app", None, None),
    ]:
        found, wrong = parse_image(image)
        asserts.equals(env, None, wrong, image)
        asserts.equals(env, (scheme, host, name, tag, digest), (found.source.scheme, found.source.host, found.source.name, found.tag, found.digest), image)

        # What repositories are given says the same.
        asserts.equals(env, found.source, parse_source(found.source.text), image)
    return unittest.end(env)

_images_test = unittest.make(_images_test_impl)

def _bad_images_test_impl(ctx):
    env = unittest.begin(ctx)
    for image, says in [
        ("", "repository"),
        ("Debian", "lower-case"),
        ("gcr.io/", "repository"),
        ("gcr.io//a", "repository"),
        ("gcr.io/a b", "repository"),
        ("gcr.io/-a", "repository"),
        ("gcr.io/a:", "not a tag"),
        ("gcr.io/a:-x", "not a tag"),
        ("gcr.io/a:" + "x" * 129, "not a tag"),
        ("gcr.io/a@sha256:12", "64 hexadecimal digits"),
        ("gcr.io/a@sha512:" + "0" * 128, "64 hexadecimal digits"),
        ("http://re gistry/a", "not the name of a registry"),
    ]:
        found, wrong = parse_image(image)
        asserts.equals(env, None, found, image)
        asserts.true(env, says in wrong, "%r: %s" % (image, wrong))
    return unittest.end(env)

_bad_images_test = unittest.make(_bad_images_test_impl)

def _repositories_and_mirrors_test_impl(ctx):
    env = unittest.begin(ctx)
    for registry, repository, text in [
        ("gcr.io", "distroless/static", "gcr.io/distroless/static"),
        ("index.docker.io", "debian", "docker.io/library/debian"),
        ("http://registry:5000", "a", "http://registry:5000/a"),
        ("http://127.0.0.1:5000/", "a", "127.0.0.1:5000/a"),
        ("https://127.0.0.1:5000", "a", "https://127.0.0.1:5000/a"),
    ]:
        found, wrong = parse_repository(registry, repository)
        asserts.equals(env, (text, None), (found.text, wrong))
    for mirror, text in [
        ("mirror.example", "mirror.example/library/debian"),
        ("mirror.example/", "mirror.example/library/debian"),
        ("mirror.example:443/docker/hub", "mirror.example:443/docker/hub/library/debian"),
        ("http://mirror.example/hub", "http://mirror.example/hub/library/debian"),
    ]:
        found, wrong = parse_mirror(mirror, "library/debian")
        asserts.equals(env, (text, None), (found.text, wrong))
    for name, hint in [
        ("docker.io/registry/app", 'registry = "registry", repository = "app"'),
        ("docker.io/registry/team/app", 'registry = "registry", repository = "team/app"'),
        ("docker.io/library/debian", ""),
        ("gcr.io/team/app", ""),
    ]:
        found = hub_hint(parse_source(name))
        asserts.equals(env, bool(hint), bool(found), name)
        asserts.true(env, hint in found, found)
    for found, wrong in [parse_repository("a b", "c"), parse_repository("gcr.io", "C"), parse_mirror("m/Hub", "c"), parse_mirror("http://", "c"), parse_mirror("m:", "c"), parse_mirror("[::1", "c")]:
        asserts.equals(env, None, found)
        asserts.true(env, bool(wrong))
    return unittest.end(env)

_repositories_and_mirrors_test = unittest.make(_repositories_and_mirrors_test_impl)

def _hosts_and_digests_test_impl(ctx):
    env = unittest.begin(ctx)
    for host, expected in [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("r.localhost:5000", True),
        ("127.0.0.1", True),
        ("127.9.9.9:1", True),
        ("[::1]:5000", True),
        ("127.example", False),
        ("127.0.0.1.example", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("[::2]", False),
    ]:
        asserts.equals(env, expected, is_loopback(host), host)
    for host, expected in [("r.example", "r.example"), ("r.example:5000", "r.example"), ("[::1]", "[::1]"), ("[::1]:5000", "[::1]")]:
        asserts.equals(env, expected, without_port(host), host)
    for digest, expected in [
        (_DIGEST, True),
        (_DIGEST.upper(), False),
        (_DIGEST + "0", False),
        ("sha512:" + "0" * 64, False),
        ("latest", False),
    ]:
        asserts.equals(env, expected, is_digest(digest), digest)
    return unittest.end(env)

_hosts_and_digests_test = unittest.make(_hosts_and_digests_test_impl)

def reference_test_suite(name):
    """Declares the tests.

    Args:
      name: string.
    """
    unittest.suite(name, _images_test, _bad_images_test, _repositories_and_mirrors_test, _hosts_and_digests_test)
