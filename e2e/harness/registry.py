"""A real registry: Debian's docker-registry with a configuration and a folder of its own."""

from __future__ import annotations

import base64
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from harness import net, requirements
from harness.authority import Certificate
from harness.processes import Processes, run

# The access log's combined format: … "GET /v2/ HTTP/1.1" 200 …
_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[0-9.]+" (?P<status>[0-9]{3}) ')


@dataclass(frozen=True)
class Request:
    """One request that the registry answered."""

    method: str
    path: str
    status: int

    @property
    def sends_blob(self) -> bool:
        """Whether it begins, continues or ends the upload of a blob; a mount that succeeds sends nothing."""
        return "/blobs/uploads/" in self.path and not (self.method == "POST" and self.status == 201)

    @property
    def reads_blob(self) -> bool:
        """Whether it fetches the bytes of a blob."""
        return self.method == "GET" and "/blobs/" in self.path


class Registry:
    """A registry on a port of loopback. With `user`, it wants that user and password for everything.

    With a `certificate`, it speaks TLS, and goes by an address that leads to loopback and is none, since loopback is asked
    in plain HTTP.
    """

    _numbers = itertools.count(1)
    _marks = itertools.count(1)

    def __init__(
        self,
        processes: Processes,
        folder: Path,
        user: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        folder = folder / f"registry-{next(self._numbers)}"
        folder.mkdir()
        self.port = net.free_port()
        self.user = user
        self.certificate = certificate
        http: dict[str, object] = {"addr": f"127.0.0.1:{self.port}"}
        if certificate:
            http["tls"] = {"certificate": str(certificate.file), "key": str(certificate.key)}
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"accesslog": {"disabled": False}, "level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": http,
            # Manifests may name layers that are elsewhere; without this it takes none that do.
            "validation": {"manifests": {"urls": {"allow": ["^http://127[.]0[.]0[.]1:"]}}},
        }
        if user:
            passwords = folder / "htpasswd"
            passwords.write_text(run([requirements.tool("htpasswd"), "-Bbn", *user]).stdout)
            configuration["auth"] = {"htpasswd": {"realm": "end-to-end tests", "path": str(passwords)}}
        # JSON is YAML.
        path = folder / "config.yml"
        path.write_text(json.dumps(configuration, indent=1))
        self.process = processes.start(folder.name, [requirements.tool("docker-registry"), "serve", path])
        self.process.wait_until(lambda: net.listens(self.port))

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, or with a certificate the address that it is for."""
        return f"{self.certificate.address if self.certificate else '127.0.0.1'}:{self.port}"

    def docker_config(self, folder: Path, password: str | None = None) -> Path:
        """Writes the `config.json` that `docker login` would have written for this registry; returns its folder."""
        assert self.user, "a registry without a user takes anyone"
        name, right = self.user
        token = base64.b64encode(f"{name}:{right if password is None else password}".encode()).decode()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"auths": {self.host: {"auth": token}}}))
        return folder

    def mark(self) -> int:
        """A place in the log: what is logged from here on comes after everything that was answered before."""
        self._settle()
        return self.process.log.stat().st_size

    def requests(self, since: int) -> list[Request]:
        """The requests answered since `mark`."""
        self._settle()
        with self.process.log.open("rb") as log:
            log.seek(since)
            text = log.read().decode(errors="replace")
        found = (Request(m["method"], m["path"], int(m["status"])) for m in _REQUEST.finditer(text))
        return [request for request in found if "end-to-end-mark" not in request.path]

    def _settle(self) -> None:
        """Waits until the log holds everything answered so far: a request of our own comes after it."""
        sign = f"/v2/?end-to-end-mark={next(self._marks)}"
        net.get(self.port, sign)
        self.process.wait_until(lambda: f"{sign} " in self.process.log.read_text(errors="replace"), 10)
