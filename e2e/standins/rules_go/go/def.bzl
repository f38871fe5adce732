"""What users of rules_go load."""

load("//go/private:providers.bzl", _GoArchive = "GoArchive", _GoInfo = "GoInfo")
load("//go/private:rules.bzl", _go_binary = "go_binary", _go_library = "go_library")

GoArchive = _GoArchive  # buildifier: disable=name-conventions
GoInfo = _GoInfo
go_binary = _go_binary
go_library = _go_library
