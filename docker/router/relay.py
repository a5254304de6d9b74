"""Passes requests on to the router's sockets, one a line, for as long as its input is open.

    {"link": a link's name, or absent for the policy, "request": {…}}  ─▶  the answer, in one line

Starting a program in a container takes as long as several changes: the lab keeps this one running instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import control
import linkctl

from lab.link import fields
from lab.link.fields import ConfigError

POLICY = "policy"


def relay(line: bytes, sockets: Path) -> dict[str, Any]:
    """Pass one request on and return its answer; a wrong request is answered too."""
    try:
        message = fields.table(fields.load_json(line), "message", {"request"}, {"link"})
        socket = f"{fields.name(message['link'], 'link')}.sock" if "link" in message else POLICY
        return linkctl.ask(sockets / socket, message["request"])
    except (ConfigError, linkctl.NoAnswerError) as error:
        return {"ok": False, "error": str(error)}


def main() -> None:
    """Pass requests on until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=Path, default=control.FOLDER)
    asked = parser.parse_args()
    for line in sys.stdin.buffer:
        print(json.dumps(relay(line, asked.sockets)), flush=True)


if __name__ == "__main__":
    main()
