"""A Maven repository of a few files, on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from lab.emulation.images.downloads import Artifact, Download, maven


class Repository:
    """Serves what its `files` have, by path, and keeps which paths were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""

    def put(self, artifact: Artifact, content: bytes, *, sha1: str = "") -> None:
        """Serve a file, and its SHA-1 beside it: the right one, or the one that is given."""
        path = path_of(artifact)
        self.files[path] = content
        self.files[f"{path}.sha1"] = (sha1 or hashlib.sha1(content).hexdigest()).encode()

    def download(self, environment: Mapping[str, str] = {}) -> Download:
        """Return what fetches from here alone."""
        return maven(lambda _: None, environment, {"test": self.url})

    def asked_for(self, artifact: Artifact) -> int:
        """Return how often a file was asked for."""
        return self.asked.count(path_of(artifact))


def path_of(artifact: Artifact) -> str:
    """Return where a Maven repository has a file."""
    return f"/{artifact.group.replace('.', '/')}/{artifact.name}/{artifact.version}/{artifact}"


@contextmanager
def serving() -> Iterator[Repository]:
    """Serve a repository for the block."""
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository.asked.append(self.path)
            found = repository.files.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *of: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        repository.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield repository
        finally:
            server.shutdown()
            thread.join()
