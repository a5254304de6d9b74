"""An engine as far as it is asked what it is: the answers of a small server, for tests of what comes of them."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """Answers every question with the engine's version."""

    os = "linux"

    def do_GET(self) -> None:
        octets = json.dumps({"Version": "28.0", "ApiVersion": "1.44", "Os": self.os}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *of: object) -> None:
        pass
