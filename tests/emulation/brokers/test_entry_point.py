"""A broker's entry point starts nothing in a container that has another way out than the lab's router."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.emulation.network.subnets import default_routes, route_word

ENTRY = Path(__file__).parents[3] / "docker" / "broker" / "broker.sh"
HERE = Path("/proc/net/route")
pytestmark = pytest.mark.skipif(not HERE.exists(), reason="only Linux tells its routes there")


def started(tmp_path: Path, router: str | None) -> tuple[int, str]:
    """Run it here, with a `java` that only says that it was started; return its exit code and its words."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho started\n")
    java.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({} if router is None else {"MQLAB_ROUTER": router})
    ran = subprocess.run(["sh", ENTRY], env=environment, capture_output=True, text=True, check=False, timeout=30)
    return ran.returncode, ran.stdout


def test_with_another_way_out_it_ends_and_says_which_there_are(tmp_path: Path) -> None:
    ways = "".join(f" {route_word(each)}" for each in default_routes(HERE.read_text()))
    words = f"mqlab: not started: the router is FFFFFFFF, and the ways out are:{ways}\n"
    assert started(tmp_path, "FFFFFFFF") == (78, words)  # which is no machine's


def test_with_the_router_alone_the_broker_starts(tmp_path: Path) -> None:
    ways = default_routes(HERE.read_text())
    if len(ways) != 1:
        pytest.skip("this machine has not one way out")
    assert started(tmp_path, route_word(ways[0])) == (0, "started\n")


def test_without_a_router_it_looks_at_no_way(tmp_path: Path) -> None:
    assert started(tmp_path, None) == (0, "started\n")
