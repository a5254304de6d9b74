"""The router's first process: closes everything, then opens the ways in the lab's file, and watches the links.

Fail closed: the rules come first, and when a link dies the router goes too, so that no packet finds another way.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import control
import interfaces
import link
import linkctl
import rules
from policing import MAX_REQUEST, Policy
from probe import crossing_cost, probe
from tun import open_tun

from lab.link.config import Config, parse_config
from lab.link.fields import ConfigError

CONFIG = Path("/etc/mqlab/router.json")
POLICY_SOCKET = "policy"  # no link's name: their sockets end in .sock
_START_SECONDS = 10.0
_CALIBRATE_COUNT, _CALIBRATE_GAP = 60, 0.002
_PROBE_COUNT, _PROBE_GAP = 20, 0.005
_STOP = (signal.SIGTERM, signal.SIGINT)


class RouterError(Exception):
    """The router cannot do its work; the message has the reason."""


def main() -> int:
    """Run the router; return 0 after a signal to stop, 1 after a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--sockets", type=Path, default=control.FOLDER)
    asked = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, [*_STOP, signal.SIGCHLD])
    try:
        with contextlib.ExitStack() as opened:
            return route(asked.config, asked.sockets, opened)
    except (RouterError, ConfigError, OSError) as error:
        print(f"router: {error}", file=sys.stderr, flush=True)
        return 1


def route(path: Path, sockets: Path, opened: contextlib.ExitStack) -> int:
    """Set everything up, print that the router is ready, and watch the links; return the exit code."""
    config = parse_config(path.read_bytes())
    found = _await_interfaces(config)
    interfaces.check_kernel(found)
    policy = _policy(config, found)
    # One transaction: at no moment does a packet pass without the policy.
    _run(["nft", "-f", "-"], rules.nft_text(config, found) + policy.beginning(config.policy))
    _run_all(rules.forget_commands(_run(["ip", "-json", "rule"])))
    _run_all(rules.address_commands(config, found))
    tuns = [_open(rules.device(index), opened) for index in range(len(config.links))]
    links = [_start_link(config, found, index, tuns, sockets, opened) for index in range(len(config.links))]
    for index, pid in enumerate(links):
        _calibrate(config, index, pid, sockets)
    _announce(config)
    _serve_policy(policy, sockets / POLICY_SOCKET)
    print("router ready", flush=True)
    threading.Thread(target=_probe_all, args=(path, sockets), name="probes", daemon=True).start()
    return _watch({pid: each.name for pid, each in zip(links, config.links, strict=True)})


def _policy(config: Config, networks: Mapping[str, str]) -> Policy:
    return Policy(
        regions=[networks[network.name] for network in config.regions],
        links=[rules.device(index) for index in range(len(config.links))],
        internet=next((networks[network.name] for network in config.networks if network.internet), None),
        management=config.management_port,
    )


def _serve_policy(policy: Policy, path: Path) -> None:
    """Serve the policy's socket in a thread; if that fails, the router ends, and nothing passes."""
    control_socket = control.ControlSocket(path, MAX_REQUEST)

    def serve() -> None:
        try:
            while True:
                ready = select.select(control_socket.fds(), control_socket.unsent(), ())
                for fd in (*ready[0], *ready[1]):
                    control_socket.serve(fd, policy.answer)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=serve, name="policy", daemon=True).start()


def _await_interfaces(config: Config) -> dict[str, str]:
    """Wait until the container is in all its networks, which the lab attaches while it runs; return the interfaces."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            return interfaces.find_interfaces(config, _run(["ip", "-json", "-4", "addr"]))
        except ConfigError:
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def _open(device: str, opened: contextlib.ExitStack) -> int:
    tun = open_tun(device)
    opened.callback(os.close, tun)
    return tun


def _start_link(
    config: Config,
    networks: Mapping[str, str],
    index: int,
    tuns: Sequence[int],
    sockets: Path,
    opened: contextlib.ExitStack,
) -> int:
    """Route a link's traffic into its device, start its process and return the pid. It is closed until calibrated.

    Forked: a new program would take a core for as long as everything else here.
    """
    _run_all(rules.link_commands(config, networks, index))
    name = config.links[index].name
    (sockets / f"{name}.sock").unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        _be_link(config, index, tuns, sockets)
    opened.callback(_end, pid)
    return pid


def _be_link(config: Config, index: int, tuns: Sequence[int], sockets: Path) -> NoReturn:
    """Become a link's process: with one device, and without the router's clean-up at the end."""
    try:
        os.setpgid(0, 0)
        for tun in (*tuns[:index], *tuns[index + 1 :]):
            os.close(tun)
        link.serve(config, config.links[index].name, tuns[index], sockets)
    except BaseException:  # noqa: BLE001 (any error is printed, and only this process ends)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


def _calibrate(config: Config, index: int, pid: int, sockets: Path) -> None:
    """Measure a link's cost at zero delay, and open it with that subtracted from its delays."""
    name = config.links[index].name
    path = sockets / f"{name}.sock"
    _await_answer(name, path, pid)
    probed = probe(index, count=_CALIBRATE_COUNT, gap=_CALIBRATE_GAP, patience=1.0)
    if len(probed.back) < _CALIBRATE_COUNT // 2:
        raise RouterError(f"link {name}: only {len(probed.back)} of {probed.count} probes came back at zero delay")
    # Only the way there: on the way back the link's process is awake, which it seldom is for the lab's traffic.
    cost_us = crossing_cost(probed.there.values())
    state = linkctl.ask(path, {"do": "open", "cost_us": cost_us})
    print(f"router: link {name}: {cost_us:.0f} µs to cross at zero delay; {state['scheduling']}", flush=True)


def _probe_all(path: Path, sockets: Path) -> None:
    """Measure each link as it is impaired, and print the answer: a lab that reads it needs no process in here."""
    for each in parse_config(path.read_bytes()).links:
        with contextlib.suppress(linkctl.NoAnswerError, ConfigError, OSError):
            probed = linkctl.measure(sockets / f"{each.name}.sock", path, each.name, _PROBE_COUNT, _PROBE_GAP)
            print(f"router: link {each.name}: probed {json.dumps(probed)}", flush=True)


def _await_answer(name: str, path: Path, pid: int) -> None:
    """Wait until a link's process answers."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            linkctl.ask(path, {"do": "get"})
        except linkctl.NoAnswerError as error:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                raise RouterError(f"link {name} ended at its start ({_why(status)})") from error
            if time.monotonic() > end:
                raise RouterError(f"link {name} did not answer within {_START_SECONDS:.0f} s") from error
        else:
            return
        time.sleep(0.005)


def _announce(config: Config) -> None:
    """Announce the gateway's hardware address to every broker: it may have changed with the router."""
    for each in config.published:
        gateway = next(network.gateway for network in config.regions if each.address in network.subnet)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind((str(gateway), 0))
            # The ARP request for the broker tells it the sender's address; the datagram itself goes to `discard`.
            with contextlib.suppress(OSError):
                out.sendto(b"", (str(each.address), 9))


def _watch(links: Mapping[int, str]) -> int:
    """Wait for a signal to stop and return 0; raise RouterError if a link ends before."""
    while True:
        for pid, name in links.items():
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                raise RouterError(f"link {name} ended ({_why(status)}); stopping, so that nothing passes without it")
        arrived = signal.sigwaitinfo([*_STOP, signal.SIGCHLD])
        if arrived.si_signo != signal.SIGCHLD:
            print("router: stopping", flush=True)
            return 0


def _why(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _end(pid: int) -> None:
    """Kill a link's process unless it has ended."""
    with contextlib.suppress(ChildProcessError):  # its end was seen before
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _run_all(commands: Sequence[Sequence[str]]) -> None:
    """Run commands of `ip` in order, up to the first that fails, in one process: each start takes time."""
    if commands:
        _run(["ip", "-4", "-batch", "-"], "".join(" ".join(command[1:]) + "\n" for command in commands))


def _run(command: Sequence[str], given: str = "") -> str:
    """Run a command, `given` as its input, and return its output; raise RouterError if it fails."""
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
    if done.returncode:
        why = done.stderr.strip() or f"exit code {done.returncode}"
        failed = re.search(r"Command failed -:(\d+)", why)
        which = f": ip {given.splitlines()[int(failed[1]) - 1]}" if failed else ""
        raise RouterError(f"{' '.join(command)}{which}: {why}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
