"""Rules for programs in JavaScript."""

load("//js/private:js_binary.bzl", _js_binary = "js_binary")
load("//js/private:js_library.bzl", _js_library = "js_library")

js_binary = _js_binary
js_library = _js_library
