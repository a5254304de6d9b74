"""Answers of an engine: their completeness, shape and length, and the questions that are repeated."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from docker.errors import DockerException
from requests import PreparedRequest, Response
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ReadTimeout
from requests.exceptions import ConnectionError as NotConnected
from urllib3.exceptions import HTTPError, ProtocolError

READ_SECONDS = 20.0  # seconds for the first byte of an answer to a question that changes nothing
BODY_SECONDS = 25.0  # seconds for a whole answer
PAUSE_SECONDS = (0.05, 0.1, 0.2, 0.4)  # seconds before a question is asked again: a busy engine is busy for a while
ABSENT_PAUSE_SECONDS = (0.05, 0.2)  # likewise, where the engine says that a container does not exist
MOST_BYTES = 32 * 2**20  # bytes of an answer
MOST_LOG_BYTES = 128 * 2**20  # bytes of a log that is read as a whole; the engine keeps up to 60 MiB of it
LOG_BYTES_PER_SECOND = 2**16  # a log that comes more slowly than this has no end that is worth a wait
MOST_LINE_BYTES = 2**20  # bytes of a line of an answer that goes on while the engine works, or of a log
MOST_ERROR_BYTES = 2**16
_PORTION = 2**16  # bytes
HEAD_BYTES = 8  # bytes before each part of a command's output: which output, and how long
_EXPLANATION = 500  # characters of a refusal that the engine explains in no way that its API has
_CONTAINER = re.compile(r"/containers/[^/]+/(json|exec)$")
_VERSIONED = re.compile(r"/v\d[\d.]*(?=/)")
_Shape = type | tuple[Any, ...] | Mapping[str, Any] | list[Any]
_MAYBE_OBJECT = (dict, type(None))

# The shapes that are relied on, by method and path: a type, the keys of an object, or a list of one shape.
_CONTAINER_SHAPE = {
    "Id": str,
    "Name": str,
    "Config": dict,
    "HostConfig": dict,
    "State": {"Status": str},
    "NetworkSettings": {"Networks": _MAYBE_OBJECT},
}
_NETWORK_SHAPE = {"Id": str, "Name": str, "Labels": _MAYBE_OBJECT}
_VOLUME_SHAPE = {"Name": str, "Labels": _MAYBE_OBJECT}
_SHAPES: Sequence[tuple[re.Pattern[str], _Shape]] = tuple(
    (re.compile(pattern), shape)
    for pattern, shape in (
        (r"GET /version", {"Version": str, "ApiVersion": str, "Os": str}),
        (r"GET /info", dict),
        (r"GET /containers/json", [{"Id": str}]),
        (r"GET /containers/[^/]+/json", _CONTAINER_SHAPE),
        (r"GET /containers/[^/]+/stats", dict),
        (r"GET /exec/[^/]+/json", {"ExitCode": (int, type(None)), "Running": bool}),
        (r"GET /images/json", [{"Id": str}]),
        (r"GET /images/.+/json", {"Id": str}),
        (r"GET /networks", [_NETWORK_SHAPE]),
        (r"GET /networks/[^/]+", _NETWORK_SHAPE),
        (r"GET /volumes", {"Volumes": ([_VOLUME_SHAPE], type(None))}),
        (r"GET /volumes/[^/]+", _VOLUME_SHAPE),
        (r"POST /(?:containers|networks)/create", {"Id": str}),
        (r"POST /volumes/create", _VOLUME_SHAPE),
        (r"POST /containers/[^/]+/exec", {"Id": str}),
    )
)


class BrokenAnswer(DockerException):
    """An unusable answer of an engine, and whether the question may be repeated."""

    def __init__(self, problem: str, *, again: bool = True) -> None:
        super().__init__(problem)
        self.again = again


def path_of(request: PreparedRequest) -> str:
    """Return the path of a request, without the version of the API and without parameters."""
    return _VERSIONED.sub("", str(request.path_url).partition("?")[0])


def may_be_repeated(request: PreparedRequest) -> bool:
    """Return whether a request changes nothing: it reads, or only prepares a command."""
    return request.method == "GET" or (request.method == "POST" and path_of(request).endswith("/exec"))


def pauses(request: PreparedRequest) -> Callable[[Exception | Response], float | None]:
    """Return a function that returns the wait before a request is repeated; None if it is not repeated.

    The function takes the answer that came, or the error that came instead of it.
    """
    left, left_absent = list(PAUSE_SECONDS), list(ABSENT_PAUSE_SECONDS)
    path = path_of(request)

    def pause(outcome: Exception | Response) -> float | None:
        if isinstance(outcome, Response):
            absent = outcome.status_code == 404 and _CONTAINER.search(path) is not None
            return left_absent.pop(0) if absent and left_absent else None
        if not left or not _is_broken(outcome):
            return None
        return left.pop(0)

    return pause if may_be_repeated(request) else lambda _: None


def _is_broken(error: Exception) -> bool:
    """Return whether an error means that an answer was missing or half, from an engine that took the question."""
    if isinstance(error, BrokenAnswer):
        return error.again
    if isinstance(error, ConnectTimeout) or not isinstance(error, ChunkedEncodingError | NotConnected):
        return False
    # An engine that has gone refuses the connection; one that is busy takes it, and closes it.
    return any(isinstance(cause, ProtocolError) and _was_taken(cause) for cause in error.args)


def _was_taken(error: ProtocolError) -> bool:
    return not any(isinstance(cause, FileNotFoundError | ConnectionRefusedError | TimeoutError) for cause in error.args)


def take_whole(answer: Response, began: float, now: Callable[[], float] = time.monotonic) -> None:
    """Read the body of an answer, bounded in size and time, and check it; BrokenAnswer if it cannot be used."""
    path = path_of(answer.request)
    refused, is_log = answer.status_code >= 400, path.endswith("/logs")
    most = MOST_ERROR_BYTES if refused else MOST_LOG_BYTES if is_log else MOST_BYTES
    body = bytearray()
    for portion in _portions(answer, path):
        body += portion
        if len(body) > most:
            answer.close()
            if refused:
                break
            raise BrokenAnswer(f"its answer to {path} is longer than {most >> 20} MiB", again=False)
        patience = BODY_SECONDS + (len(body) / LOG_BYTES_PER_SECOND if is_log else 0.0)
        if now() - began > patience and not path.endswith("/wait"):  # its caller says for how long
            answer.close()
            raise BrokenAnswer(f"its answer to {path} did not end within {BODY_SECONDS:.0f} s", again=False)
    answer._content = bytes(body)  # as requests has it, whose own way to read has no bounds
    answer._content_consumed = True  # type: ignore[attr-defined]
    if refused:
        answer._content = _explained(answer._content)
    elif 300 <= answer.status_code != 304:
        raise BrokenAnswer(
            f"its answer to {path} redirects to another address (HTTP {answer.status_code})", again=False
        )
    else:
        check(str(answer.request.method), path, answer._content)


def _portions(answer: Response, path: str) -> Iterator[bytes]:
    """Yield the parts of a body as they come, however slowly."""
    if answer.request.method == "HEAD":
        return
    try:
        while portion := answer.raw.read1(_PORTION, decode_content=True):
            yield portion
        length = answer.raw.length_remaining
    except ProtocolError as error:
        raise BrokenAnswer(f"its answer to {path} is cut short: {error}") from error
    except HTTPError as error:
        raise BrokenAnswer(f"its answer to {path} stopped: {error}", again=False) from error
    if length:
        raise BrokenAnswer(f"its answer to {path} is cut short: {length} bytes are missing")


def json_lines(answer: Response) -> Iterator[dict[str, Any]]:
    """Yield the objects of an answer, one on each line, while the engine works and sends them."""
    path, part = path_of(answer.request), b""
    for portion in _portions(answer, path):
        *lines, part = (part + portion).split(b"\n")
        if len(part) > MOST_LINE_BYTES:
            answer.close()
            raise BrokenAnswer(f"a line of its answer to {path} is too long", again=False)
        yield from (_object(line, path) for line in lines if line.strip())
    if part.strip():
        yield _object(part, path)


def _object(line: bytes, path: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"a line of its answer to {path} is not JSON: {error}", again=False) from error
    if not isinstance(said, dict):
        raise BrokenAnswer(f"a line of its answer to {path} has the wrong shape: it is not an object", again=False)
    return said


def output_of(response: Response, until: float, now: Callable[[], float] = time.monotonic) -> bytes:
    """Return the output of a command that has been started, bounded in size, and until a moment of `now`.

    The engine's library reads past the bytes that came together with the head of the answer, since it goes around the
    buffer that has read the head: a busy engine then seemed to lose a short output.
    """
    buffered: Any = response.raw._fp.fp  # type: ignore[union-attr]  # where the library takes the connection, too
    link = buffered.raw._sock
    link.settimeout(0.0)
    try:
        came = bytearray(buffered.read1(_PORTION) or b"")
    except (BlockingIOError, ssl.SSLWantReadError):
        came = bytearray()
    while True:
        link.settimeout(max(0.001, until - now()))
        try:
            portion = link.recv(_PORTION)
        except TimeoutError as error:
            raise ReadTimeout("a command did not end in time") from error
        except OSError as error:
            raise BrokenAnswer(f"the output of a command is cut short: {error}") from error
        came += portion
        if len(came) > MOST_BYTES:
            raise BrokenAnswer(f"the output of a command is longer than {MOST_BYTES >> 20} MiB", again=False)
        if not portion:
            return _unframed(bytes(came))


def _unframed(came: bytes) -> bytes:
    """Return the output of a command without the engine's heads, of 8 bytes, before each part."""
    parts, at = list[bytes](), 0
    while at < len(came):
        size = int.from_bytes(came[at + 4 : at + HEAD_BYTES], "big")
        at += HEAD_BYTES + size
        if at > len(came):
            raise BrokenAnswer("the output of a command is cut short")
        parts.append(came[at - size : at])
    return b"".join(parts)


def _explained(body: bytes) -> bytes:
    """Return the body of a refusal in the API's form, even if it is the page of a proxy."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = body.decode(errors="replace")
    if isinstance(said, dict) and isinstance(said.get("message"), str):
        said = said["message"]
    words = said if isinstance(said, str) else json.dumps(said)
    return json.dumps({"message": words.strip()[:_EXPLANATION]}).encode()


def check(method: str, path: str, body: bytes) -> None:
    """Raise BrokenAnswer if an answer to such a request has another shape than in the API."""
    shape = next((shape for pattern, shape in _SHAPES if pattern.fullmatch(f"{method} {path}")), None)
    if shape is None:
        return
    if not body.strip():
        raise BrokenAnswer(f"its answer to {path} is empty")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"its answer to {path} is not JSON: {error}") from error
    if wrong := _wrong(said, shape):
        raise BrokenAnswer(f"its answer to {path} has the wrong shape: {wrong}")


def _wrong(answer: object, shape: Any, at: str = "the answer") -> str:
    """Return the difference between JSON and a shape; "" if there is none."""
    if isinstance(shape, list):
        if not isinstance(answer, list):
            return f"{at} is not a list"
        return next((wrong for entry in answer if (wrong := _wrong(entry, shape[0], "an entry"))), "")
    if isinstance(shape, Mapping):
        if not isinstance(answer, dict):
            return f"{at} is not an object"
        wanted = ((key, inside) for key, inside in shape.items())
        return next((wrong for key, inside in wanted if (wrong := _wrong(answer.get(key), inside, key))), "")
    if isinstance(shape, tuple):
        differences = [_wrong(answer, other, at) for other in shape]
        return "" if "" in differences else differences[0]
    return "" if isinstance(answer, shape) else f"{at} is {json.dumps(answer)[:80]}"
