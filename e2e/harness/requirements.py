"""What a machine must have. What apt could install is a failure that names the packages, never a skip."""

from __future__ import annotations

import shutil

from harness.errors import Failure

PACKAGES = {
    "bsdtar": "libarchive-tools",
    "containerd": "containerd",
    "ctr": "containerd",
    "docker": "docker.io",
    "docker-registry": "docker-registry",
    "dockerd": "docker.io",
    "htpasswd": "apache2-utils",
    "jlink": "default-jdk-headless",
    "mvn": "maven",
    "openssl": "openssl",
    "patch": "patch",
    "pip3": "python3-pip",
    "podman": "podman",
    "runc": "runc",
    "setpriv": "util-linux",
    "skopeo": "skopeo",
    "umoci": "umoci",
    "zstd": "zstd",
}

# Daemons' tools are in sbin, which is not on everyone's PATH.
_PATH = ":/usr/local/sbin:/usr/sbin:/sbin"


def find(tool: str) -> str | None:
    """The path of a tool; None if it is not installed."""
    return shutil.which(tool) or shutil.which(tool, path=_PATH.lstrip(":"))


def tool(name: str) -> str:
    """The path of a tool that must be there."""
    path = find(name)
    if path is None:
        raise Failure(f"{name} is not installed: apt-get install --no-install-recommends {PACKAGES[name]}")
    return path


def packages() -> list[str]:
    """The apt packages of all tools."""
    return sorted(set(PACKAGES.values()))


def missing_packages() -> list[str]:
    """The apt packages of every tool that is not installed."""
    return sorted({package for name, package in PACKAGES.items() if find(name) is None})
