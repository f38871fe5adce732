"""The rule behind oci_users: /etc/passwd, /etc/group and homes."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load(":labels.bzl", "display_label")
load(":layer_entries.bzl", "add_dirs", "add_file", "add_settings")
load(":packed_layer.bzl", "PACKING_ATTRS", "packed_layer")
load(":user_entries.bzl", "group_entries", "group_file", "homes", "passwd_file", "user_entries")

visibility("//oci/...")

def _oci_users_rule_impl(ctx):
    label = display_label(ctx.label)
    users = user_entries(label, json.decode(ctx.attr.users))
    groups = group_entries(label, json.decode(ctx.attr.groups), users)

    entries = []
    directories = homes(label, users, groups)
    add_settings(
        entries,
        owner = "0:0",
        owners = {home.path: home.owner for home in directories},
        owner_name = "",
        mode = "0644",
        modes = {home.path: home.mode for home in directories},
        xattrs = {},
        mtime = 0,
    )
    files = []
    for name, content in [("passwd", passwd_file(users, groups)), ("group", group_file(groups))]:
        file = ctx.actions.declare_file("%s.strata/%s" % (ctx.label.name, name))
        ctx.actions.write(file, content)
        add_file(entries, "/etc/" + name, file)
        files.append(file)
    add_dirs(entries, [home.path for home in directories])
    return packed_layer(ctx, entries = entries, inputs = depset(files))

oci_users_rule = rule(
    implementation = _oci_users_rule_impl,
    doc = "The rule behind the macro `oci_users`, which says what the two attributes hold.",
    attrs = PACKING_ATTRS | {
        "groups": attr.string(doc = "JSON of the macro's `groups`.", default = "{}"),
        "users": attr.string(doc = "JSON of the macro's `users`.", default = "{}"),
    },
    provides = [OciLayerInfo],
    toolchains = [PACK_TOOLCHAIN_TYPE],
)
