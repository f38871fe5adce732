"""oci_users: users and groups written as dicts."""

load(":users.bzl", "oci_users_rule")

visibility("//oci/...")

def oci_users(name, users = {}, groups = {}, **kwargs):
    """A layer with `/etc/passwd`, `/etc/group` and homes.

    ```starlark
    oci_users(
        name = "users",
        users = {
            "nonroot": 65532,
            "app": dict(uid = 1000, gid = 50, home = "/srv/app", comment = "The app"),
        },
        groups = {"staff": 50, "tty": dict(gid = 5, members = ["app"])},
    )
    ```

    `root` (0) and `nobody` (65534, without a home) are there without being said; an entry of the same name replaces each. The files are
    whole: of two such layers in an image, those of the upper one count.

    Wrong at analysis: a name that is not portable (POSIX: letters, digits, `.`, `_`, `-`; 32 at most), a number out of range, one number
    or home twice, a `gid` or member that is not there, and a path that is not absolute.

    Args:
      name: string.
      users: dict of name to uid, or to a dict:
        `uid`: int, mandatory.
        `gid`: int, of a group that is there. Default: that of the group called as the user; where `groups` has none, it is made,
          with the number of the user.
        `home`: string. Default `/home/<name>`.
        `create_home`: bool. Whether the home is in the layer, owned by the user. Default True, but for `/` and `/nonexistent`.
        `home_mode`: string, octal. Default `0750`.
        `shell`: string. Default `/sbin/nologin`, which needs not be there.
        `comment`: string. Default the name.
      groups: dict of name to gid, or to `dict(gid = int, members = [names of users])`.
      **kwargs: attributes of every rule, and `compression`, `compression_level`, `gzip_members`, `annotations` as those of `oci_layer`.
    """
    for attribute, value in [("users", users), ("groups", groups)]:
        if type(value) != "dict":
            fail("//%s:%s: %s is a %s. It takes a dict of names, without select(): declare a target for each case, and select one of them." % (
                native.package_name(),
                name,
                attribute,
                type(value),
            ))
    oci_users_rule(
        name = name,
        groups = json.encode(groups),
        users = json.encode(users),
        **kwargs
    )
