"""A server on a real socket that answers posts as it is told, and remembers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: Any
    port: int  # of the client: one for each connection


Answer = tuple[int, dict[str, str], Any]
"""Status, headers, body: bytes as they are, anything else as JSON."""


class Server:
    """Answers each post with what ``answer(asked)`` gives; None drops the connection."""

    def __init__(self, answer: Callable[[Asked], Answer | None]) -> None:
        self.answer, self.asked = answer, list[Asked]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> Any:
        server = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                port = self.client_address[1]
                asked = Asked(self.path, dict(self.headers), json.loads(content), port)
                server.asked.append(asked)
                told = server.answer(asked)
                if told is None:
                    self.close_connection = True
                    return
                status, headers, body = told
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        return Answers
