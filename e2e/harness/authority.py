"""A private certificate authority, as companies have: no system knows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import requirements
from harness.processes import run

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and its key."""

    address: str
    file: Path
    key: Path


class Authority:
    """An authority with its files in a folder of its own. Its certificates are good for two days."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "authority.pem"
        """What clients have to trust."""
        self._openssl(
            "req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=Authority of the end-to-end tests",
            "-keyout", "authority.key", "-out", self.certificate,
        )  # fmt: skip

    def issue(self, address: str) -> Certificate:
        """A certificate for a server that goes by an IP address."""
        issued = Certificate(address, self._folder / f"{address}.pem", self._folder / f"{address}.key")
        (self._folder / "extensions").write_text(f"subjectAltName=IP:{address}\n")
        self._openssl("req", *_KEY, "-subj", "/CN=registry", "-keyout", issued.key, "-out", "request")
        self._openssl(
            "x509", "-req", "-in", "request", "-days", "2", "-extfile", "extensions", "-CAcreateserial",
            "-CA", self.certificate, "-CAkey", "authority.key", "-out", issued.file,
        )  # fmt: skip
        return issued

    def _openssl(self, *arguments: str | Path) -> None:
        run([requirements.tool("openssl"), *arguments], cwd=self._folder)
