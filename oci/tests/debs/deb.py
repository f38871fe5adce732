"""Makes a small .deb: deb.py OUT PACKAGE ARCHITECTURE COMPRESSION [PATH=CONTENT | PATH/ | PATH@TARGET]…

A content is text; a path that ends in a slash is a directory; PATH@TARGET is a symbolic link.
"""

import gzip
import io
import lzma
import sys
import tarfile


def tar(entries):
    """A tar of (path, content), where content is None for a directory and a tuple of the target for a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, content in entries:
            info = tarfile.TarInfo(f"./{path}")
            info.mtime, info.uname, info.gname = 1700000000, "root", "root"
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, tuple):
                info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, content[0]
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def entry(text):
    """What an argument stands for."""
    if text.endswith("/"):
        return text.rstrip("/"), None
    path, sign, rest = min((text.partition(sign) for sign in "=@" if sign in text), key=lambda parts: len(parts[0]))
    return path, (rest,) if sign == "@" else rest.encode()


def main(out, package, architecture, compression, *texts):
    """Writes the package."""
    compress = {"gz": lambda tar: gzip.compress(tar, mtime=0), "xz": lzma.compress}[compression]
    control = f"Package: {package}\nVersion: 1.0-1\nArchitecture: {architecture}\nDescription: for tests\n"
    members = [
        ("debian-binary", b"2.0\n"),
        (f"control.tar.{compression}", compress(tar([("control", control.encode()), ("md5sums", b"")]))),
        (f"data.tar.{compression}", compress(tar([entry(text) for text in texts]))),
    ]
    with open(out, "wb") as deb:
        deb.write(b"!<arch>\n")
        for name, content in members:
            deb.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
            deb.write(content + b"\n" * (len(content) % 2))


main(*sys.argv[1:])
