"""The public rules of rules_strata.

Loading this file loads no other ruleset: `load("@rules_strata//oci:defs.bzl", "oci_image", …)`.
"""

load("//oci/lang:binary.bzl", _binary_image = "binary_image", _binary_layers = "binary_layers")
load("//oci/lang:cc.bzl", _cc_image = "cc_image")
load("//oci/lang:go.bzl", _go_image = "go_image")
load("//oci/lang:java.bzl", _java_image = "java_image", _java_layers = "java_layers")
load("//oci/lang:js.bzl", _js_image = "js_image", _js_image_layer = "js_image_layer")
load("//oci/lang:py.bzl", _py_image = "py_image", _py_layers = "py_layers")
load("//oci/lang:rust.bzl", _rust_image = "rust_image")
load("//oci/private:artifact.bzl", _oci_artifact_rule = "oci_artifact_rule")
load("//oci/private:artifact_macro.bzl", _oci_artifact = "oci_artifact")
load("//oci/private:ca_certs.bzl", _oci_ca_certs = "oci_ca_certs")
load("//oci/private:configure_macro.bzl", _configure = "configure")
load("//oci/private:debs.bzl", _oci_debs = "oci_debs")
load("//oci/private:image.bzl", _oci_image_rule = "oci_image_rule")
load("//oci/private:image_macro.bzl", _BASE = "BASE", _oci_image = "oci_image")
load("//oci/private:image_test.bzl", _oci_image_test = "oci_image_test")
load("//oci/private:import.bzl", _oci_import_rule = "oci_import_rule")
load("//oci/private:import_macro.bzl", _oci_import = "oci_import")
load("//oci/private:index.bzl", _oci_image_index_rule = "oci_image_index_rule")
load("//oci/private:index_macro.bzl", _oci_image_index = "oci_image_index")
load("//oci/private:layer.bzl", _oci_layer = "oci_layer")
load("//oci/private:load.bzl", _oci_load_rule = "oci_load_rule")
load("//oci/private:push.bzl", _oci_push_rule = "oci_push_rule")
load("//oci/private:rootfs.bzl", _oci_rootfs = "oci_rootfs")
load("//oci/private:run_macros.bzl", _oci_deploy = "oci_deploy", _oci_load = "oci_load", _oci_push = "oci_push")
load("//oci/private:signer.bzl", _oci_signer = "oci_signer")
load("//oci/private:users_macro.bzl", _oci_users = "oci_users")

visibility("public")

BASE = _BASE
binary_image = _binary_image
binary_layers = _binary_layers
cc_image = _cc_image
configure = _configure
go_image = _go_image
java_image = _java_image
java_layers = _java_layers
js_image = _js_image
js_image_layer = _js_image_layer
oci_artifact = _oci_artifact
oci_artifact_rule = _oci_artifact_rule
oci_ca_certs = _oci_ca_certs
oci_debs = _oci_debs
oci_deploy = _oci_deploy
oci_image = _oci_image
oci_image_index = _oci_image_index
oci_image_index_rule = _oci_image_index_rule
oci_image_rule = _oci_image_rule
oci_image_test = _oci_image_test
oci_import = _oci_import
oci_import_rule = _oci_import_rule
oci_layer = _oci_layer
oci_load = _oci_load
oci_load_rule = _oci_load_rule
oci_push = _oci_push
oci_push_rule = _oci_push_rule
oci_rootfs = _oci_rootfs
oci_signer = _oci_signer
oci_tarball_rule = _oci_load_rule
oci_users = _oci_users
py_image = _py_image
py_layers = _py_layers
rust_image = _rust_image
