"""Rules for npm packages."""

load("//npm/private:npm_link_package.bzl", _npm_link_package = "npm_link_package")

npm_link_package = _npm_link_package
