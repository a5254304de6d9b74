"""serve: Amazon MQ's API, at which AWS's own clients create brokers and configurations."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from lab.base.interrupts import Terminated, until_a_signal
from lab.base.printable import plain_line
from lab.base.units import parse_duration
from lab.cli import options
from lab.cli.options import QUIET, flag, option, say
from lab.errors import InputError
from lab.extras.api import client_settings
from lab.extras.api.commands.serve_detached import detached
from lab.extras.api.kept_account import account_folder, refuse_lab
from lab.extras.api.server_process import ended_with, noted
from lab.operating import runtimes
from lab.runtime.owner import Owner
from lab.runtime.runtime import AWS, LOCAL, MOST_PLACES, MOST_VPCS, checked_endpoints
from lab.runtime.state_file import note_folder

if TYPE_CHECKING:
    from lab.extras.api.built_account import BuiltAccount
    from lab.extras.api.dispatching import Serve
    from lab.extras.api.records_account import RecordsAccount

PORT = 4510
RECORDS = "none"
VPCS, BROKERS = 2, 3
_KEY = re.compile(r"[A-Za-z0-9_]{1,128}")


def serve(
    context: typer.Context,
    runtime: str | None = option(
        "--runtime NAME",
        "The runtime of the brokers: emulation, simulation, or none for records without brokers (default: emulation).",
    ),
    vpcs: int | None = option(
        "--vpcs N", f"The number of VPCs that can have brokers; CreateVpc chooses a VPC's CIDR block (default: {VPCS})."
    ),
    brokers: int | None = option(
        "--brokers N", f"The places for brokers in each VPC; an active/standby pair takes two (default: {BROKERS})."
    ),
    port: int = option("--port", "The port of 127.0.0.1; 0 for any free port.", PORT, min=0, max=65535),
    access_key: str | None = option(
        "--access-key ID", "The access key id that clients must send (default: a random id)."
    ),
    account: str = option("--account NAME", "The account, which is kept for the next server.", "default"),
    empty: bool = flag("--empty", "Begin with an empty account."),
    forget: bool = flag("--forget", "Remove the account and its log when the server ends."),
    reboot_time: str | None = option(
        "--reboot-time DURATION",
        "The time for which a reboot stops a broker; with records alone, the time of each creation, reboot and "
        "deletion.",
    ),
    shell: str = option(
        "--shell NAME",
        f"The shell for which the settings are printed: {', '.join(client_settings.SHELLS)}.",
        client_settings.SHELLS[0],
    ),
    endpoints: str | None = option(
        "--endpoints NAME",
        "The endpoints of real brokers: aws, for names and ports of AWS, or local, for ports of localhost "
        "(default: aws).",
    ),
    detach: bool = flag("--detach -d", "Leave the server running in the background; `mqlab down` ends it."),
    lives: int | None = option(
        "--while PID", "The process number of a program; the server ends when the program ends.", min=1
    ),
    quiet: bool = QUIET,
) -> int:
    """Serve the APIs of Amazon MQ, EC2 and STS to AWS's clients and Terraform, until Ctrl-C.

    Requests create real brokers in a lab, which ends with the server. The account is kept, without its brokers.

    Example: mqlab serve --runtime none
    """
    chosen = RECORDS if runtime == RECORDS else runtimes.chosen(runtime, os.environ, (RECORDS,))
    for spelled, number, most in (("--vpcs", vpcs, MOST_VPCS), ("--brokers", brokers, MOST_PLACES)):
        if number is not None and chosen == RECORDS:
            raise InputError.of(f"--runtime {RECORDS} has no brokers", f"remove {spelled}")
        if number is not None and not 1 <= number <= most:
            raise InputError.of(f"{spelled} {number} is not a size of a lab", f"write {spelled} 1, or up to {most}")
    if shell not in client_settings.SHELLS:
        raise InputError.of(f"--shell {shell} is unknown", f"write one of {', '.join(client_settings.SHELLS)}")
    if endpoints is not None and checked_endpoints(endpoints) == LOCAL and chosen != runtimes.USUAL:
        raise InputError.of("--endpoints local needs ports, which only real brokers have", "remove --endpoints local")
    states = note_folder(os.environ)
    folder = account_folder(states, account)
    if empty or chosen != runtimes.USUAL:
        refuse_lab(folder, states)
    if access_key is not None and not _KEY.fullmatch(access_key):
        raise InputError.of("--access-key is not an access key id", "write letters and digits, such as test")
    takes = None if reboot_time is None else _seconds(reboot_time)
    other = None if lives is None else Owner.of(lives)
    if detach:
        return detached(context, folder)
    from lab.extras.api.records_account import RecordsAccount, emptied, forgotten
    from lab.extras.api.server import Door
    from lab.extras.api.serving import serving
    from lab.extras.http_server import HOST, listening, server

    log = options.err()

    def line(text: str) -> None:
        log.print(plain_line(text), soft_wrap=True, markup=False, highlight=False)

    with closing(listening(port)) as opened, ended_with(other), ExitStack() as stack:
        if empty:
            emptied(folder)
        if forget:
            stack.callback(forgotten, folder)  # the first, and so done last
        at, stand, hint = opened.getsockname()[1], None, ""
        its: RecordsAccount | BuiltAccount
        if chosen == RECORDS:
            its = stack.enter_context(closing(RecordsAccount(folder, access_key=access_key, takes=takes, log=line)))
            serve_call: Serve = its.serve
        else:
            stack.enter_context(until_a_signal(KeyboardInterrupt, Terminated))
            from lab.extras.api.commands.serve_lab import Wanted, served  # here, since records need no lab

            made = stack.enter_context(
                served(
                    Wanted(
                        folder=folder,
                        runtime=chosen,
                        vpcs=vpcs,
                        brokers=brokers,
                        usual=(VPCS, BROKERS),
                        reboot_time=timedelta(seconds=takes or 0),
                        progress=options.progress(quiet),
                        log=line,
                        endpoints=endpoints or AWS,
                    ),
                    access_key=access_key,
                )
            )
            its, serve_call, stand, hint = made.account, made.serve, made.stand, made.hint
        told = (lambda text: None) if quiet else its.notice
        door = Door(port=at, access_key=its.access_key, serve=serve_call, log=told)
        url = f"http://{HOST}:{at}"
        if stand is not None:
            stack.enter_context(serving(opened, door))
        stack.enter_context(noted(folder, url, chosen))
        say(client_settings.settings(url, its.access_key, shell))
        if hint:
            say(f"# {hint}")
        say(f"{client_settings.READY}{url}")
        with until_a_signal(KeyboardInterrupt, Terminated):
            if stand is not None:
                stand()
            else:
                server(door.application).run(sockets=[opened])
    return 0


def _seconds(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except (ValueError, OverflowError) as error:
        raise options.refused_quantity("--reboot-time", text, error, "s") from error
