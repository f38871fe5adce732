"""An image of Debian's packages, users and certificates, without Dockerfile or base: its programs run, and dpkg knows what is in it.

The packages are real ones, fetched by apt-get for this machine's Debian (12). Nothing of them is run at build time.
"""

from __future__ import annotations

import hashlib
import platform
import tarfile
from pathlib import Path

from harness.docker import Docker
from harness.errors import Skip
from harness.processes import run
from harness.world import World

IMAGE = "base-of-debs:latest"
# What openssl, getent and stat need to run.
PACKAGES = [
    "base-files",
    "ca-certificates",
    "coreutils",
    "gcc-12-base",
    "libacl1",
    "libattr1",
    "libc-bin",
    "libc6",
    "libgcc-s1",
    "libgmp10",
    "libpcre2-8-0",
    "libselinux1",
    "libssl3",
    "openssl",
    "tzdata",
    "zlib1g",
]


def scenario(world: World) -> None:
    """Runs the scenario."""
    if platform.machine() != "x86_64":
        raise Skip("the packages of its module are those of amd64")
    docker = world.docker
    docker.remove_everything()
    bazel = world.module("base_of_debs")
    debs = bazel.workspace / "debs"
    _download(debs, *PACKAGES)
    world.step(f"{len(PACKAGES)} packages of Debian, as they are")

    loaded = bazel.run("//:image.load", env=docker.env).stdout
    world.equal(loaded, f"Loaded image: {IMAGE}\n", "standard output")
    _programs(world, docker)
    _files(world, docker, debs)

    bazel.build("//:one")
    world.step("the four layers merge into one")

    copied = bazel.workspace / "other"
    copied.mkdir()
    (copied / "again.deb").write_bytes(next(debs.glob("libc6_*.deb")).read_bytes())
    twice = bazel.build("//:twice", code=None)
    world.check(twice.code != 0, "one package twice is built", twice)
    world.contains(twice, "//:twice", "other/again.deb", "debs/libc6_", "are both the package libc6")
    world.step("one package twice is an error that names both files")


def _download(folder: Path, *packages: str) -> None:
    folder.mkdir()
    run(["apt-get", "--option=APT::Sandbox::User=root", "download", *packages], cwd=folder)


def _run(docker: Docker, *command: str) -> str:
    return docker.command("run", "--rm", "--read-only", "--network=none", IMAGE, *command)


def _programs(world: World, docker: Docker) -> None:
    """Dynamic programs of the packages, on a root that is read only, as a user who is not root."""
    expected = [
        "root:x:0:0:root:/root:/sbin/nologin",
        "app:x:1000:50:The app:/home/app:/sbin/nologin",
        "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin",
        "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin",
    ]
    world.equal(_run(docker).splitlines(), expected, "`getent passwd`")
    world.equal(_run(docker, "id", "--user", "--name"), "nonroot", "`id`")
    paths = {
        "/tmp": "1777 root root",
        "/root": "700 root root",
        "/home/app": "750 app staff",
        "/var/run": "777 root root",
        "/bin": "777 root root",
    }
    found = _run(docker, "stat", "--format=%a %U %G", *paths).splitlines()
    world.equal(found, list(paths.values()), f"modes and owners of {', '.join(paths)}")
    world.step("getent, id and stat of the packages run, and know users, groups, modes and owners")

    listed = _run(docker, "openssl", "storeutl", "-noout", "-certs", "/etc/ssl/certs/ca-certificates.crt")
    count = int(listed.rpartition("Total found: ")[2])
    world.check(count > 100, "openssl reads the bundle", listed)
    world.equal(_run(docker, "openssl", "storeutl", "-noout", "-certs", "/usr/lib/ssl/cert.pem"), listed, "through the link")
    world.step(f"openssl finds {count} authorities in the bundle, and by its own path as well")
    date = docker.command("run", "--rm", "--env=TZ=Asia/Tokyo", "--network=none", IMAGE, "date", "--date=@0", "+%H %Z")
    world.equal(date, "09 JST", "`date` in another time zone")


def _files(world: World, docker: Docker, debs: Path) -> None:
    """Every file has the checksum that its package says, and dpkg reads what is installed."""
    container = docker.command("create", IMAGE)
    exported = world.scratch("image.tar")
    docker.command("export", f"--output={exported}", container)
    docker.command("rm", container)
    with tarfile.open(exported) as tar:
        members = {member.name.rstrip("/"): member for member in tar}
        links = {name: f"{member.linkname}/" for name, member in members.items() if name in ("bin", "lib", "lib64", "sbin")}
        world.equal(links, {name: f"usr/{name}/" for name in ("bin", "lib", "lib64", "sbin")}, "links of the merged /usr")

        status = [name for name in members if name.startswith("var/lib/dpkg/status.d/")]
        checked = 0
        for name in (name for name in status if name.endswith(".md5sums")):
            for line in tar.extractfile(members[name]).read().decode().splitlines():
                checksum, path = line.split(maxsplit=1)
                top, _, rest = path.partition("/")
                member = members.get(links.get(top, f"{top}/") + rest)
                if path.startswith("usr/share/man/"):
                    world.check(member is None, f"{path} is excluded, and there")
                    continue
                world.check(member is not None, f"{path} is missing")
                content = tar.extractfile(member).read()
                world.equal(hashlib.md5(content).hexdigest(), checksum, f"checksum of {path}")
                checked += 1
        paragraphs = [tar.extractfile(members[name]).read() for name in status if not name.endswith(".md5sums")]
    world.check(checked > 500, "files with checksums", checked)
    world.step(f"{checked} files are, byte for byte, those of the packages, below /usr where /bin and /lib lead")

    admin = world.scratch("admin")
    (admin / "updates").mkdir(parents=True)
    (admin / "info").mkdir()
    (admin / "status").write_bytes(b"\n".join(paragraphs))
    listed = run(["dpkg-query", f"--admindir={admin}", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\\n"])
    expected = sorted(
        run(["dpkg-deb", "--show", "--showformat=${Package} ${Version} installed", deb]).stdout for deb in debs.iterdir()
    )
    world.equal(sorted(listed.stdout.splitlines()), expected, "what dpkg-query says")
    world.step(f"dpkg-query reads the {len(expected)} files of status.d: all are installed, in their versions")
