"""Unit tests of credentials: the same as those of push and load (crates/registry/src/keychain)."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private/pull:credentials.bzl", "credential_files", "credential_in", "helper_answer", "helper_in", "netrc_file")
load("//oci/private/pull:netrc.bzl", "netrc_entry")

visibility("//oci/tests/...")

def _files_test_impl(ctx):
    env = unittest.begin(ctx)
    for environment, expected in [
        ({}, []),
        ({"DOCKER_CONFIG": "", "HOME": "/h"}, ["/h/.docker/config.json", "/h/.config/containers/auth.json"]),
        ({"USERPROFILE": "C:/u"}, ["C:/u/.docker/config.json", "C:/u/.config/containers/auth.json"]),
        (
            {"DOCKER_CONFIG": "/d", "HOME": "/h", "REGISTRY_AUTH_FILE": "/a.json", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": "/r"},
            ["/d/config.json", "/a.json", "/r/containers/auth.json", "/c/containers/auth.json"],
        ),
    ]:
        asserts.equals(env, expected, credential_files(environment))
    for environment, expected in [
        ({}, None),
        ({"HOME": "/h", "NETRC": ""}, "/h/.netrc"),
        ({"HOME": "/h", "NETRC": "/n"}, "/n"),
        ({"USERPROFILE": "C:/u"}, "C:/u/.netrc"),
    ]:
        asserts.equals(env, expected, netrc_file(environment))
    return unittest.end(env)

_files_test = unittest.make(_files_test_impl)

def _keys_test_impl(ctx):
    env = unittest.begin(ctx)
    for key, registry, repository, hit in [
        ("r.example", "r.example", "x", True),
        ("r.example/", "r.example", "x", True),
        ("r.example:5000", "r.example:5000", "x", True),
        ("r.example:5000", "r.example", "x", False),
        ("https://r.example", "r.example", "x", True),
        ("https://r.example/v1/", "r.example", "x", True),
        ("http://r.example:80/v2/", "r.example:80", "x", True),
        ("r.example/v2", "r.example", "x", True),
        ("r.example/team", "r.example", "team/app", True),
        ("r.example/team/app", "r.example", "team/app", True),
        ("r.example/team", "r.example", "teams/app", False),
        ("r.example/team", "r.example", "app", False),
        ("https://index.docker.io/v1/", "docker.io", "library/x", True),
        ("docker.io", "docker.io", "library/x", True),
        ("docker.io/me", "docker.io", "me/x", True),
        ("docker.io/me", "docker.io", "you/x", False),
    ]:
        config = {"auths": {key: {"password": "p", "username": "u"}}}
        found = credential_in(config, "file", registry, repository)
        asserts.equals(env, hit, found != None, "%s for %s/%s" % (key, registry, repository))
    config = {"auths": {
        "r.example": {"auth": "aG9zdA=="},
        "r.example/a": {"auth": "YQ=="},
        "r.example/a/b": {},
    }}
    for repository, basic in [("x", "aG9zdA=="), ("a/x", "YQ=="), ("a/b", "YQ==")]:
        asserts.equals(env, basic, credential_in(config, "file", "r.example", repository).basic, repository)
    return unittest.end(env)

_keys_test = unittest.make(_keys_test_impl)

def _entries_test_impl(ctx):
    env = unittest.begin(ctx)
    for entry, field, value in [
        ({"auth": "dTpw"}, "basic", "dTpw"),
        ({"auth": "dTpw", "identitytoken": "t"}, "identity", "t"),
        ({"identitytoken": "i", "registrytoken": "t"}, "token", "t"),
        ({"password": "p", "username": "u"}, "password", "p"),
    ]:
        found = credential_in({"auths": {"r.example": entry}}, "file", "r.example", "x")
        asserts.equals(env, ("file", value), (found.source, getattr(found, field)))
    for config in [{}, {"auths": None}, {"auths": {}}, {"auths": {"r.example": None}}, {"auths": {"r.example": {"auth": ""}}}]:
        asserts.equals(env, None, credential_in(config, "file", "r.example", "x"))
    return unittest.end(env)

_entries_test = unittest.make(_entries_test_impl)

def _helpers_test_impl(ctx):
    env = unittest.begin(ctx)
    config = {"credHelpers": {"b.example": "b", "https://a.example": "a", "none.example": ""}, "credsStore": "all"}
    for registry, helper in [("a.example", "a"), ("b.example", "b"), ("c.example", "all"), ("none.example", None)]:
        asserts.equals(env, helper, helper_in(config, registry), registry)
    asserts.equals(env, None, helper_in({}, "a.example"))

    for code, stdout, field, value in [
        (0, '{"Username": "u", "Secret": "p"}', "password", "p"),
        (0, '{"Username": "<token>", "Secret": "t"}', "identity", "t"),
    ]:
        found, wrong = helper_answer(code, stdout, "helper")
        asserts.equals(env, (None, value), (wrong, getattr(found, field)))
    for code, stdout in [(0, '{"Username": "", "Secret": ""}'), (1, "credentials not found in native keychain\n")]:
        asserts.equals(env, (None, None), helper_answer(code, stdout, "helper"))
    for code, stdout, says in [
        (1, "hunter2 is locked", "helper failed (exit code 1)"),
        (127, "", "helper failed (exit code 127)"),
        (0, "hunter2", "no JSON"),
        (0, "[]", "no JSON"),
        (0, '{"Username": "hunter2"}', "no JSON"),
    ]:
        found, wrong = helper_answer(code, stdout, "helper")
        asserts.equals(env, None, found)
        asserts.true(env, says in wrong and "hunter2" not in wrong, wrong)
    return unittest.end(env)

_helpers_test = unittest.make(_helpers_test_impl)

def _netrc_test_impl(ctx):
    env = unittest.begin(ctx)
    for text, expected in [
        ("machine r.example login u password p", ("u", "p")),
        ("machine other login v password q\r\nmachine r.example\r\n\tlogin u\r\n\tpassword p\r\n", ("u", "p")),
        ("machine r.example password p account a login u", ("u", "p")),
        ("machine r.example login u password p\nmachine r.example login v password q", ("u", "p")),
        ("machine r.example login u\nmachine r.example login v password q", ("v", "q")),
        ("# machine r.example login v password q\nmachine r.example login u # all\npassword p", ("u", "p")),
        ('machine r.example login "u v" password "p\\" #x"', ("u v", 'p" #x')),
        ("macdef init\nmachine r.example login v password q\n\nmachine r.example login u password p", ("u", "p")),
        ("machine r.example login machine password login", ("machine", "login")),
        ("machine r.example login u", None),
        ("machine r.example.org login u password p", None),
        ("default login u password p", None),
        ("machine r.example login u password p default login v password q", ("u", "p")),
        ("machine r.example login u default password p", None),
        ("machine", None),
        ('machine r.example login "u', None),
        ("", None),
    ]:
        asserts.equals(env, expected, netrc_entry(text, ["r.example"]), text)
    asserts.equals(env, ("u", "p"), netrc_entry("machine index.docker.io login u password p", ["docker.io", "index.docker.io"]))
    return unittest.end(env)

_netrc_test = unittest.make(_netrc_test_impl)

def credentials_test_suite(name):
    """Declares the tests.

    Args:
      name: string.
    """
    unittest.suite(name, _files_test, _keys_test, _entries_test, _helpers_test, _netrc_test)
