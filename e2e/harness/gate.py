"""A server in front of a real registry: it asks for tokens, fails when told to, speaks TLS, and remembers what it was asked.

It hands requests for reading on to the registry and answers nothing of the API itself. Python's standard library is all it
needs; it runs in a thread, so it is gone with the run.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import ssl
import threading
import urllib.parse
from dataclasses import dataclass, field

from harness.authority import Certificate

# Hop by hop, or counted anew.
_NOT_HANDED_ON = {"connection", "content-length", "host", "transfer-encoding"}


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    """With the query."""
    authorization: str | None


@dataclass
class Fault:
    """How requests fail whose path holds `part`: all of them, or the first so many."""

    part: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "as told"
    times: int | None = None


class Gate:
    """A way to a registry, on a port of loopback.

    Tokens are wanted where `user` is set, from `/token` for that user and password, or for the password as an identity
    token; where `user` is None and `anonymous` is true, everybody gets one. With `certificate`, it speaks TLS.
    """

    def __init__(
        self,
        upstream: int,
        user: tuple[str, str] | None = None,
        anonymous: bool = False,
        certificate: Certificate | None = None,
    ) -> None:
        self.upstream = upstream
        self.user = user
        self.tokens = user is not None or anonymous
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self._handed_out: dict[str, str] = {}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Forgets what it was asked."""
        self.asked.clear()

    def paths(self, part: str = "") -> list[str]:
        """The paths it was asked for that hold `part`."""
        return [request.path for request in self.asked if part in request.path]

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()

    def challenge(self, path: str) -> str:
        """WWW-Authenticate for a path of the API."""
        return f'Bearer realm="{self._scheme}://{self.host}/token",service="{self.host}",scope="{_scope(path)}"'

    def issue(self, authorization: str | None, fields: dict[str, str]) -> str | None:
        """A token, or None for somebody unknown."""
        if self.user:
            name, password = self.user
            basic = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
            if authorization != basic and fields.get("refresh_token") != password:
                return None
        token = f"token-{len(self._handed_out) + 1}"
        self._handed_out[token] = fields.get("scope", "")
        return token

    def lets_in(self, authorization: str | None, path: str) -> bool:
        """Whether a request may pass."""
        token = (authorization or "").removeprefix("Bearer ")
        return not self.tokens or self._handed_out.get(token) == _scope(path)


def _scope(path: str) -> str:
    name = path.partition("?")[0].removeprefix("/v2/")
    for middle in ("/manifests/", "/blobs/"):
        name = name.partition(middle)[0]
    return f"repository:{name}:pull"


def _handler(gate: Gate) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        # A connection for each request: one that is kept would be answered still after close().
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:  # noqa: N802
            self._answer()

        def do_HEAD(self) -> None:  # noqa: N802
            self._answer()

        def do_POST(self) -> None:  # noqa: N802
            self._answer()

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            authorization = self.headers.get("Authorization")
            gate.asked.append(Asked(self.command, self.path, authorization))
            for fault in gate.faults:
                if fault.part in self.path and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    self._error(fault.status, fault.headers, fault.message)
                    return
            path, _, query = self.path.partition("?")
            if path == "/token":
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                token = gate.issue(authorization, dict(urllib.parse.parse_qsl(f"{query}&{body}")))
                if token is None:
                    self._error(401, {}, "unknown user")
                else:
                    self._send(200, {"Content-Type": "application/json"}, json.dumps({"token": token}).encode())
            elif not gate.lets_in(authorization, self.path):
                self._error(401, {"WWW-Authenticate": gate.challenge(self.path)}, "token wanted")
            else:
                self._hand_on()

        def _hand_on(self) -> None:
            upstream = http.client.HTTPConnection("127.0.0.1", gate.upstream, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_HANDED_ON}
            headers.pop("Authorization", None)
            try:
                upstream.request(self.command, self.path, headers=headers)
                answer = upstream.getresponse()
                kept = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_HANDED_ON}
                self._send(answer.status, kept, answer.read())
            except OSError as error:
                self._error(502, {}, str(error))
            finally:
                upstream.close()

        def _error(self, status: int, headers: dict[str, str], message: str) -> None:
            body = json.dumps({"errors": [{"code": "TEST", "message": message}]}).encode()
            self._send(status, headers, body)

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler
