"""An HTTP proxy that leads some addresses to ports of loopback, and remembers what it was asked for.

Addresses that lead nowhere can be asked through it, so a scenario sees that a request went through the proxy and by no other
way. All other addresses are reached as they are.
"""

from __future__ import annotations

import http.server
import selectors
import socket
import threading
from collections.abc import Mapping


class Proxy:
    """A proxy for TLS (CONNECT) on a port of loopback; `ports` has the port by `host:port`."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = dict(ports)
        self.asked: list[str] = []
        """`host:port` of each tunnel."""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        """The environment in which everything goes through it, in both spellings, of which programs read one or the other."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        variables = {"HTTPS_PROXY": url, "NO_PROXY": ""}
        return variables | {name.lower(): value for name, value in variables.items()}

    def close(self) -> None:
        """Takes no more connections."""
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: Proxy) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:  # noqa: N802
            proxy.asked.append(self.path)
            host, _, port = self.path.rpartition(":")
            known = proxy.ports.get(self.path)
            try:
                there = socket.create_connection(("127.0.0.1", known) if known else (host.strip("[]"), int(port)), timeout=20)
            except OSError as error:
                self.send_error(502, str(error))
                return
            with there:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, there)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _join(one: socket.socket, other: socket.socket) -> None:
    """Hands on bytes both ways until either side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        try:
            while True:
                for key, _ in selector.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)
        except OSError:
            # A connection that breaks is for its two ends to notice.
            return
