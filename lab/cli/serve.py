"""serve: Amazon MQ's API, at which AWS's own clients create brokers and configurations."""

from __future__ import annotations

import os
import re
from contextlib import closing
from typing import Annotated

import typer

from lab.api import exports
from lab.api.kept_account import account_folder
from lab.api.server_process import ended_with, noted
from lab.cli import options
from lab.cli.options import QUIET, say
from lab.cli.serve_detached import detached
from lab.errors import InputError
from lab.interrupts import Terminated, until_a_signal
from lab.printable import plain_line
from lab.runtime.owner import Owner
from lab.runtime.state_file import note_folder
from lab.units import parse_duration

PORT = 4510
RECORDS = "none"
_KEY = re.compile(r"[A-Za-z0-9_]{1,128}")


def serve(
    context: typer.Context,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime", metavar="NAME", help="The runtime of the brokers: none, for records without brokers."
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port of 127.0.0.1; 0 for any free port.")
    ] = PORT,
    access_key: Annotated[
        str | None,
        typer.Option(
            "--access-key", metavar="ID", help="The access key id that clients must send (default: a random id)."
        ),
    ] = None,
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="The account, which stays on file for the next server.")
    ] = "default",
    empty: Annotated[bool, typer.Option("--empty", help="Begin with an empty account.")] = False,
    reboot_time: Annotated[
        str | None,
        typer.Option(
            "--reboot-time",
            metavar="DURATION",
            help="The time that a creation, a reboot or a deletion takes (default: until a client has seen the state).",
        ),
    ] = None,
    shell: Annotated[
        str,
        typer.Option("--shell", metavar="NAME", help=f"The form of the settings: {', '.join(exports.SHELLS)}."),
    ] = exports.SHELLS[0],
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave the server running in the background; `mqlab down` ends it.")
    ] = False,
    lives: Annotated[
        int | None,
        typer.Option("--while", metavar="PID", min=1, help="The process with whose end the server ends too."),
    ] = None,
    quiet: QUIET = False,
) -> int:
    """Serve the APIs of Amazon MQ, EC2 and STS to AWS's clients and Terraform, until Ctrl-C.

    Example: mqlab serve --runtime none
    """
    if runtime != RECORDS:
        problem = "mqlab serve has records without brokers" + (f", not --runtime {runtime}" if runtime else "")
        raise InputError.of(problem, "write --runtime none")
    if shell not in exports.SHELLS:
        raise InputError.of(f"--shell {shell} is unknown", f"write one of {', '.join(exports.SHELLS)}")
    folder = account_folder(note_folder(os.environ), account)
    if access_key is not None and not _KEY.fullmatch(access_key):
        raise InputError.of("--access-key is not an access key id", "write letters and digits, such as test")
    takes = None if reboot_time is None else _seconds(reboot_time)
    other = None if lives is None else Owner.of(lives)
    if detach:
        return detached(context, folder)
    from lab.api.records_account import RecordsAccount, forget
    from lab.api.server import Door
    from lab.http_server import HOST, listening, server

    with closing(listening(port)) as opened:
        if empty:
            forget(folder)
        log = options.err()

        def line(text: str) -> None:
            log.print(plain_line(text), soft_wrap=True, markup=False, highlight=False)

        at = opened.getsockname()[1]
        url = f"http://{HOST}:{at}"
        with (
            closing(RecordsAccount(folder, access_key=access_key, takes=takes, log=line)) as records,
            noted(folder, url, runtime),
            ended_with(other),
        ):
            say(exports.settings(url, records.access_key, shell))
            say(f"{exports.READY}{url}")
            told = (lambda text: None) if quiet else records.notice
            door = Door(port=at, access_key=records.access_key, serve=records.serve, log=told)
            runs = server(door.application)
            with until_a_signal(KeyboardInterrupt, Terminated):
                runs.run(sockets=[opened])
    return 0


def _seconds(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except (ValueError, OverflowError) as error:
        raise options.refused_quantity("--reboot-time", text, error, "s") from error
