"""A broker's entry point starts nothing in a container that has another way out than the lab's router."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.emulation.network.subnets import default_routes, route_word

ENTRY = Path(__file__).parents[3] / "docker" / "broker" / "broker.sh"
DEFAULT = "/proc/sys/net/ipv4/tcp_congestion_control"
KERNELS = "/proc/net/route"
ROUTER = "0100D50A"
HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
NEAR = "eth0\t0000D50A\t00000000\t0001\t0\t0\t0\tE0FFFFFF\t0\t0\t0\n"
HALF = "eth0\t00000000\t0900D50A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"  # to 0.0.0.0/1: no default route


def by(gateway: str) -> str:
    return f"eth0\t00000000\t{gateway}\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"


def started(tmp_path: Path, router: str | None, routes: str | None, tcp: str = "") -> tuple[int, str]:
    """Run it with a table of routes, and a `java` that says that it was started; return its exit code and words."""
    java, table, entry, default = (tmp_path / name for name in ("java", "route", "broker.sh", "default"))
    java.write_text("#!/bin/sh\necho started\n")
    java.chmod(0o755)
    if routes is not None:
        table.write_text(routes)
    text = ENTRY.read_text("utf-8")
    assert text.count(f"<{KERNELS}") == 1 and text.count(DEFAULT) == 1
    default.write_text("bbr\n")
    entry.write_text(text.replace(KERNELS, str(table)).replace(DEFAULT, str(default)).replace("left=1200", "left=3"))
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({} if router is None else {"MQLAB_ROUTER": router})
    environment |= {"MQLAB_TCP": tcp} if tcp else {}
    ran = subprocess.run(["sh", entry], env=environment, capture_output=True, text=True, check=False, timeout=30)
    return ran.returncode, ran.stdout


def test_with_the_router_alone_the_broker_starts(tmp_path: Path) -> None:
    routes = HEAD + by(ROUTER) + NEAR + HALF
    assert default_routes(routes) == (IPv4Address("10.213.0.1"),), "the lab reads the same"
    assert route_word(IPv4Address("10.213.0.1")) == ROUTER
    assert started(tmp_path, ROUTER, routes) == (0, "started\n")


@pytest.mark.parametrize("ways", [[], ["0900D50A"], [ROUTER, "0900D50A"], ["0900D50A", ROUTER], [ROUTER, ROUTER]])
def test_with_any_other_way_out_it_ends_and_says_which_there_are(tmp_path: Path, ways: list[str]) -> None:
    words = "".join(f" {way}" for way in ways)
    said = f"mqlab: not started: the router is {ROUTER}, and the ways out are:{words}\n"
    assert started(tmp_path, ROUTER, HEAD + NEAR + "".join(map(by, ways))) == (78, said)


def test_where_no_routes_can_be_read_nothing_starts(tmp_path: Path) -> None:
    code, said = started(tmp_path, ROUTER, None)
    assert code != 0 and "started\n" not in said.splitlines(keepends=True)


def test_without_a_router_it_looks_at_no_way(tmp_path: Path) -> None:
    assert started(tmp_path, None, HEAD + by("0900D50A")) == (0, "started\n")


SIGN = "*\tFE0200C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"


def test_it_waits_until_its_routes_have_the_congestion_control_that_is_asked_for(tmp_path: Path) -> None:
    assert started(tmp_path, ROUTER, HEAD + by(ROUTER) + SIGN, "cubic") == (0, "started\n")
    assert started(tmp_path, ROUTER, HEAD + by(ROUTER), "bbr") == (0, "started\n"), "the machine has it"
    said = "mqlab: not started: within a minute the lab did not set cubic as the congestion control of its TCP\n"
    assert started(tmp_path, ROUTER, HEAD + by(ROUTER), "cubic") == (78, said)
