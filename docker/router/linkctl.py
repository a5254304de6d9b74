"""Speaks to one link from the command line; prints one JSON answer. Exit 0 done, 2 bad input, 3 no answer.

    linkctl.py LINK get | change JSON | reset-counters | probe [--count N] [--gap-ms MS]

`change` takes the keys to replace in each direction, by the region that it leaves: '{"tokyo": {"delay_us": 35000}}'.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import control
from probe import probe

from lab.link import fields
from lab.link.config import parse_config
from lab.link.fields import ConfigError

CONFIG = Path("/etc/mqlab/router.json")
_TIMEOUT_SECONDS = 5.0
_MOST_PATIENCE = 60.0


class NoAnswerError(Exception):
    """The link's process cannot be reached."""


def ask(path: Path, request: dict[str, Any], timeout: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
    """Send one request to a link's socket and return its answer; raise ConfigError if it is refused."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            # The kernel's timeouts: with Python's, connect() fails at once if the queue of connections is full.
            for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
                link.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", *divmod(round(timeout * 1e6), 1_000_000)))
            link.connect(str(path))
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as reply:
                answer = fields.load_json(reply.readline())
    except (OSError, ConfigError) as error:
        raise NoAnswerError(f"no answer from {path}: {error}") from error
    if not isinstance(answer, dict) or not answer.get("ok"):
        raise ConfigError(str(answer.get("error") if isinstance(answer, dict) else answer))
    return answer


def measure(path: Path, config: Path, link: str, count: int, gap: float) -> dict[str, Any]:
    """Send probes through a link; return the measured round trips and the configured one."""
    state = ask(path, {"do": "get"})
    directions = [state["directions"][region]["impairment"] for region in state["directions"]]
    configured = sum(each["delay_us"] for each in directions)
    spread = sum(each["jitter_us"] for each in directions)
    index = [each.name for each in parse_config(config.read_bytes()).links].index(link)
    patience = min(_MOST_PATIENCE, (configured + 6 * spread) / 1e6 + 1.0)
    probed = probe(index, count=count, gap=gap, patience=patience)
    return {"ok": True, "stamp": control.stamp(), "link": link, "configured_rtt_us": configured} | probed.json(
        [*state["directions"]]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line, print the answer, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link")
    parser.add_argument("--sockets", type=Path, default=control.FOLDER)
    parser.add_argument("--config", type=Path, default=CONFIG)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("get", "reset-counters"):
        verbs.add_parser(verb)
    verbs.add_parser("change").add_argument("directions", help="JSON; - reads it from stdin")
    probing = verbs.add_parser("probe")
    probing.add_argument("--count", type=int, default=20)
    probing.add_argument("--gap-ms", type=float, default=5.0)
    asked = parser.parse_args(arguments)
    try:
        print(json.dumps(_answer(asked)))
    except ConfigError as error:
        print(json.dumps({"ok": False, "error": str(error)}))
        return 2
    except NoAnswerError as error:
        print(json.dumps({"ok": False, "error": str(error)}))
        return 3
    return 0


def _answer(asked: argparse.Namespace) -> dict[str, Any]:
    path = asked.sockets / f"{fields.name(asked.link, 'link')}.sock"
    if asked.verb == "change":
        text = sys.stdin.read() if asked.directions == "-" else asked.directions
        return ask(path, {"do": "change", "directions": fields.load_json(text)})
    if asked.verb == "probe":
        count = fields.integer(asked.count, "--count", 1, 10_000)
        gap = fields.number(asked.gap_ms, "--gap-ms", 0.1, 1_000) / 1000
        return measure(path, asked.config, asked.link, count, gap)
    return ask(path, {"do": asked.verb})


if __name__ == "__main__":
    sys.exit(main())
