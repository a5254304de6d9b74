"""Attempts to connect: from inside a broker's container, in a host's place, or from this machine through a port."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from docker.models.containers import Container

from lab.activemq.protocols import ENDPOINTS
from lab.emulation.engine.commands import run_inside
from lab.emulation.state import InstanceState, LabState
from lab.network.vpc import INTERNET
from lab.runtime.clock import Clock
from lab.runtime.lab import Attempt

# Bash opens the connection itself; the clock stands around the attempt alone, as starting a command takes longer.
_SCRIPT = """
exec 2>&1
begin=$EPOCHREALTIME
timeout -k 1 {within} bash -c 'exec 3<>/dev/tcp/{address}/{port}'
code=$?
end=$EPOCHREALTIME
echo "$code $begin $end"
"""


def attempt(
    state: LabState,
    container: Callable[[InstanceState], Container],
    stand_in: Callable[[str], AbstractContextManager[Container]],
    source: str,
    target: str,
    port: int,
    within: float,
    clock: Clock,
) -> Attempt:
    """Try a connection from an instance, a host or the internet to an instance's port; return the outcome."""
    places = {its.name: its for its in state.instances}
    if source in state.hosts:
        with stand_in(source) as its:
            return from_container(its, places[target].address, port, within, clock)
    if source != INTERNET:
        return from_container(container(places[source]), places[target].address, port, within, clock)
    ports = {each.port: places[target].ports[each.name] for each in ENDPOINTS}
    return from_here(state.reached_at, ports[port], Path(state.ca_file), within, clock)


def from_container(container: Container, address: str, port: int, within: float, clock: Clock) -> Attempt:
    """Try a TCP connection from inside a container, for at most `within` seconds; return the outcome."""
    begun = clock.now()
    script = _SCRIPT.format(within=f"{within:.3f}", address=address, port=port)
    _, text = run_inside(container, ["bash", "-c", script], clock, {"LC_ALL": "C"}, lasts=within)
    words = text.splitlines()[-1].split() if text else []
    if len(words) != 3:  # the container ended under it
        return Attempt("unreachable", clock.now() - begun)
    took = float(words[2]) - float(words[1])
    if words[0] == "0":
        return Attempt("open", took)
    if words[0] in ("124", "137"):
        return Attempt("silent", took)
    return Attempt("refused" if "refused" in text or "reset" in text else "unreachable", took)


def from_here(host: str, port: int, ca_file: Path, within: float, clock: Clock) -> Attempt:
    """Try a TLS connection from this machine, for at most `within` seconds; return the outcome.

    Plain TCP would prove nothing, since the engine's own proxy always accepts.
    """
    trusted = ssl.create_default_context(cafile=str(ca_file))
    begun = clock.now()
    try:
        with socket.create_connection((host, port), timeout=within) as plain:
            plain.settimeout(max(0.01, within - (clock.now() - begun)))
            with trusted.wrap_socket(plain, server_hostname=host):
                answer = "open"
    except TimeoutError:
        answer = "silent"
    except ConnectionError:
        answer = "refused"
    except ssl.SSLError as error:  # the proxy closes what it could not hand on
        answer = "refused" if isinstance(error, ssl.SSLEOFError) else "open"
    except OSError:
        answer = "unreachable"
    return Attempt(answer, clock.now() - begun)
