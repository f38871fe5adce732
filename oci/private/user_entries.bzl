"""Users and groups as people declare them, and as passwd(5) and group(5) have them."""

visibility("//oci/...")

_USERS = {
    "nobody": {"home": "/nonexistent", "uid": 65534},
    "root": {"home": "/root", "home_mode": "0700", "uid": 0},
}
_USER_KEYS = ["comment", "create_home", "gid", "home", "home_mode", "shell", "uid"]
_GROUP_KEYS = ["gid", "members"]

# The highest number, 2^32 - 1, stands for "no change" in chown(2).
_MAX_ID = 4294967294
_MAX_NAME = 32
_PORTABLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_PATH = _PORTABLE + "/+@~"

# Homes that are nobody's: a user who declares one wants no directory.
_NO_HOMES = ["/", "/nonexistent"]
_SYSTEM = ["/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/run", "/var/tmp"]

def _check_name(where, name):
    is_portable = not [character for character in name.elems() if character not in _PORTABLE]
    if not name or len(name) > _MAX_NAME or not is_portable or name.startswith("-") or name.isdigit():
        fail("%s: no name. Names have letters, digits, `.`, `_` and `-`, %d at most, begin with no `-`, and are no number." % (where, _MAX_NAME))

def _check_id(where, key, value):
    if type(value) != "int" or value < 0 or value > _MAX_ID:
        fail("%s: %s is %r. It is a number from 0 to %d." % (where, key, value, _MAX_ID))
    return value

def _check_keys(where, entry, known, example):
    if type(entry) != "dict":
        fail("%s: %r. Write its number, or %s." % (where, entry, example))
    for key in entry:
        if key not in known:
            fail("%s: unknown %r. Known: %s." % (where, key, ", ".join(known)))

def _check_path(where, key, path):
    wrong = type(path) != "string" or not path.startswith("/") or [part for part in path[1:].split("/") if part in ("", ".", "..")]
    if path != "/" and (wrong or [character for character in path.elems() if character not in _PATH]):
        fail("%s: %s is %r. It is an absolute path of letters, digits and `._-+@~`, such as \"/home/app\"." % (where, key, path))
    return path

def _mode(where, mode):
    if type(mode) != "string" or len(mode) not in (3, 4) or mode.strip("01234567"):
        fail("%s: home_mode is %r. It is octal, such as \"0750\"." % (where, mode))
    return mode

def _comment(where, comment):
    if type(comment) != "string" or ":" in comment or "\n" in comment:
        fail("%s: comment is %r. It is a text without colons and newlines." % (where, comment))
    return comment

def _user(label, name, entry):
    where = "%s: users: %r" % (label, name)
    _check_name(where, name)
    if type(entry) == "int":
        entry = {"uid": entry}
    _check_keys(where, entry, _USER_KEYS, "dict(uid = 1000, home = \"/srv/app\")")
    if "uid" not in entry:
        fail("%s: no uid. Write its number, or dict(uid = 1000, …)." % where)
    home = _check_path(where, "home", entry.get("home", "/home/" + name))
    create_home = entry.get("create_home", home not in _NO_HOMES)
    if create_home and home in _SYSTEM + _NO_HOMES:
        fail("%s: the home %s is no directory to belong to a user. Set create_home = False, or choose another one." % (where, home))
    return struct(
        comment = _comment(where, entry.get("comment", name)),
        create_home = create_home,
        gid = _check_id(where, "gid", entry["gid"]) if "gid" in entry else None,
        home = home,
        home_mode = _mode(where, entry.get("home_mode", "0750")),
        name = name,
        shell = _check_path(where, "shell", entry.get("shell", "/sbin/nologin")),
        uid = _check_id(where, "uid", entry["uid"]),
        where = where,
    )

def _by_id(label, attribute, key, entries):
    """Sorts by number, and fails if two have one."""
    by_id = {}
    for entry in entries:
        number = getattr(entry, key)
        if number in by_id:
            fail("%s: %s: %s and %s have the same %s, %d. Give each one of its own." % (label, attribute, by_id[number].name, entry.name, key, number))
        by_id[number] = entry
    return [by_id[number] for number in sorted(by_id)]

def user_entries(label, users):
    """Checks users.

    Args:
      label: string. The target, for messages.
      users: dict of name to uid or dict, as `oci_users` takes it.

    Returns:
      list of struct, sorted by uid; gid is None where it is that of the user's own group.
    """
    return _by_id(label, "users", "uid", [_user(label, name, entry) for name, entry in (_USERS | users).items()])

def _group(label, name, entry, users):
    where = "%s: groups: %r" % (label, name)
    _check_name(where, name)
    if type(entry) == "int":
        entry = {"gid": entry}
    _check_keys(where, entry, _GROUP_KEYS, "dict(gid = 50, members = [\"app\"])")
    if "gid" not in entry:
        fail("%s: no gid. Write its number, or dict(gid = 50, …)." % where)
    members = entry.get("members", [])
    for member in members:
        if member not in users:
            fail("%s: member %r is none of the users: %s." % (where, member, ", ".join(users)))
    return struct(gid = _check_id(where, "gid", entry["gid"]), members = members, name = name)

def group_entries(label, groups, users):
    """Checks groups, and adds those of users who have no other.

    Args:
      label: string. The target, for messages.
      groups: dict of name to gid or dict, as `oci_users` takes it.
      users: list from user_entries.

    Returns:
      list of struct(name, gid, members), sorted by gid.
    """
    own = {user.name: user.uid for user in users if user.gid == None}
    names = [user.name for user in users]
    entries = _by_id(label, "groups", "gid", [_group(label, name, entry, names) for name, entry in (own | groups).items()])
    gids = [group.gid for group in entries]
    for user in users:
        if user.gid != None and user.gid not in gids:
            fail("%s: no group has the gid %d. Add one to groups, or leave gid out for a group of the user's own." % (user.where, user.gid))
    return entries

def _gid(user, groups):
    return user.gid if user.gid != None else [group.gid for group in groups if group.name == user.name][0]

def passwd_file(users, groups):
    """The text of /etc/passwd. Nobody logs in by password, and there is no /etc/shadow: `x` says that it would be there.

    Args:
      users: list from user_entries.
      groups: list from group_entries.

    Returns:
      string.
    """
    return "".join([
        "%s:x:%d:%d:%s:%s:%s\n" % (user.name, user.uid, _gid(user, groups), user.comment, user.home, user.shell)
        for user in users
    ])

def group_file(groups):
    """The text of /etc/group.

    Args:
      groups: list from group_entries.

    Returns:
      string.
    """
    return "".join(["%s:x:%d:%s\n" % (group.name, group.gid, ",".join(group.members)) for group in groups])

def homes(label, users, groups):
    """The homes that the layer has.

    Args:
      label: string. The target, for messages.
      users: list from user_entries.
      groups: list from group_entries.

    Returns:
      list of struct(path, owner, mode).
    """
    by_path = {}
    for user in users:
        if not user.create_home:
            continue
        if user.home in by_path:
            fail("%s: users: %s and %s have the same home, %s. Set create_home = False for those who do not own it." % (label, by_path[user.home].name, user.name, user.home))
        by_path[user.home] = user
    return [
        struct(mode = user.home_mode, owner = "%d:%d" % (user.uid, _gid(user, groups)), path = path)
        for path, user in by_path.items()
    ]
