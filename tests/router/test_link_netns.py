"""The router and its link at work, in network namespaces, with the container's capabilities and no other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.emulation.network.router import own_probes
from tests.router import namespaces
from tests.router.namespaces import HOST, PUBLISHED, ROUTER_OUTSIDE, A, B, Bed

pytestmark = pytest.mark.netns

# Serves UDP echo on 7007 and TCP echo on the port given; says so.
ECHO = """
import socket, threading
def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 7007)); print('ready', flush=True)
    while True:
        data, where = s.recvfrom(2000); s.sendto(data, where)
def talk(c):
    while data := c.recv(1 << 20): c.sendall(data)
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(('0.0.0.0', int(sys.argv[2])))
l.listen(); threading.Thread(target=udp, daemon=True).start()
while True:
    threading.Thread(target=talk, args=(l.accept()[0],), daemon=True).start()
"""
# Sends n datagrams and prints how many came back within the time given after the last.
UDP = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[5] if len(sys.argv) > 5 else '0.0.0.0', 0))
s.settimeout(float(sys.argv[4])); back = 0
for n in range(int(sys.argv[3])): s.sendto(b'x' * 50, (sys.argv[2], 7007))
try:
    while back < int(sys.argv[3]): s.recv(100); back += 1
except TimeoutError: pass
print(back)
"""
# Connects and prints what happened: "ok" once a word came back, else the error's name.
TCP = """
import errno, socket
try:
    with socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=float(sys.argv[4])) as s:
        s.sendall(b'hello'); print('ok' if s.recv(10) == b'hello' else 'odd')
except TimeoutError: print('timeout')
except OSError as e: print(errno.errorcode.get(e.errno, e))
"""
# The same, from a source of one's own.
CALLS = """
import errno, socket
try:
    with socket.create_connection((sys.argv[3], int(sys.argv[4])), float(sys.argv[5]), (sys.argv[2], 0)) as s:
        s.sendall(b'hello'); print('ok' if s.recv(10) == b'hello' else 'odd')
except TimeoutError: print('timeout')
except OSError as e: print(errno.errorcode.get(e.errno, e))
"""
# Connects, says "ready", waits for a line, then goes on talking; prints how that went.
HELD = """
import errno, socket
s = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=20); s.sendall(b'one'); s.recv(10)
print('ready', flush=True); sys.stdin.readline()
try:
    s.sendall(b'two'); print(s.recv(10).decode())
except OSError as e: print(errno.errorcode.get(e.errno, e))
"""
# Sends megabytes through TCP echo and tells whether the same came back.
BULK = """
import hashlib, os, socket, threading
s = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=30); body = os.urandom(int(sys.argv[4]))
threading.Thread(target=s.sendall, args=(body,)).start()
got, left = hashlib.sha256(), len(body)
while left: data = s.recv(1 << 20); got.update(data); left -= len(data)
print(got.hexdigest() == hashlib.sha256(body).hexdigest())
"""


def ask(bed: Bed, where: str, program: str, *arguments: object) -> str:
    done = subprocess.run(
        bed.python(where, program, *arguments), check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout.strip()


@contextmanager
def program(bed: Bed, where: str, text: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a namespace from when it says "ready" to the end of the block."""
    command = bed.python(where, text, *arguments)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def traffic(bed: Bed, region: str) -> dict[str, Any]:
    code, state = bed.linkctl("get")
    assert code == 0
    counters: dict[str, Any] = state["directions"][region]["counters"]
    return counters


@pytest.mark.release
@pytest.mark.alone
def test_the_link_adds_its_delay_and_counts_exactly_what_crossed(bed: Bed) -> None:
    delays = {"delay_us": 20_000}, {"delay_us": 30_000}
    with bed.router(namespaces.config(*delays)), program(bed, "b", ECHO, 8883):
        assert ask(bed, "a", UDP, B, 50, 20) == "50"
        code, probed = bed.linkctl("probe", "--count", "10")
        assert (code, probed["lost"], probed["configured_rtt_us"]) == (0, 0, 50_000)
        # loose on purpose: the machine may be busy; the bench says how close it is
        assert probed["rtt_us"]["min"] >= 49_500
        assert 19_500 <= probed["one_way_us"]["tokyo"]["min"] < 29_500 <= probed["one_way_us"]["singapore"]["min"]
        there = traffic(bed, "tokyo")
        assert (there["packets_in"], there["segments_out"], there["bytes_out"]) == (50, 50, 50 * 78)
        assert traffic(bed, "singapore")["packets_out"] == 50
        _, state = bed.linkctl("get")
        assert state["directions"]["singapore"]["delay_us"]["count"] == 50
        assert state["directions"]["singapore"]["delay_us"]["p50"] >= 29_500
        assert bed.linkctl("reset-counters")[0] == 0
        assert traffic(bed, "tokyo")["packets_in"] == 0


def test_many_megabytes_arrive_whole_under_loss_rate_and_splitting(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "b", ECHO, 8883):
        assert ask(bed, "a", BULK, B, 8883, 20 << 20) == "True"
        plain = traffic(bed, "tokyo")
        assert plain["segments_out"] > 2 * plain["packets_out"]  # super-packets do cross uncut
        bed.set(delay_us=1_000, loss=0.02)
        assert ask(bed, "a", BULK, B, 8883, 4 << 20) == "True"
        lossy = traffic(bed, "tokyo")
        assert lossy["dropped"]["loss"] > 0
        bed.set(delay_us=1_000, rate_bps=200_000_000, queue_bytes=100_000)
        assert ask(bed, "a", BULK, B, 8883, 4 << 20) == "True"
        _, state = bed.linkctl("get")
        for direction in state["directions"].values():
            counters = direction["counters"]
            gone = sum(counters["dropped"].values())
            assert counters["segments_in"] == counters["segments_out"] + gone + direction["in_flight"]["segments"]
            assert counters["dropped"]["malformed"] == 0
        assert state["malformed"] == 0


def test_a_caller_from_beyond_the_host_is_answered_only_where_that_is_asked_for(bed: Bed) -> None:
    beyond = "192.0.2.9"
    namespaces.run(*bed.command("host", "ip", "addr", "add", f"{beyond}/32", "dev", "lo"))
    for callers, expected in (("host", ["ok", "timeout"]), ("anywhere", ["ok", "ok"])):
        with bed.router(namespaces.config(callers=callers)), program(bed, "a", ECHO, 8883):
            there = [ask(bed, "host", CALLS, source, ROUTER_OUTSIDE, PUBLISHED, 3) for source in (HOST, beyond)]
            assert there == expected, callers
            bed.policy(do="ended", addresses=[A])
            refused = [ask(bed, "host", CALLS, source, ROUTER_OUTSIDE, PUBLISHED, 3) for source in (HOST, beyond)]
            assert refused == ["ECONNREFUSED", "timeout" if callers == "host" else "ECONNREFUSED"], callers


def test_callers_from_anywhere_are_no_way_out_and_none_to_what_is_not_published(bed: Bed) -> None:
    beyond = "192.0.2.9"
    namespaces.run(*bed.command("host", "ip", "addr", "add", f"{beyond}/32", "dev", "lo"))
    with (
        bed.router(namespaces.config(callers="anywhere")),
        program(bed, "a", ECHO, 8883),
        program(bed, "host", ECHO, 9000),
    ):
        assert ask(bed, "a", TCP, beyond, 9000, 2) in ("timeout", "ENETUNREACH", "EHOSTUNREACH")
        assert ask(bed, "host", CALLS, beyond, A, 8883, 2) in ("timeout", "ENETUNREACH", "EHOSTUNREACH")
        assert ask(bed, "host", CALLS, B, ROUTER_OUTSIDE, PUBLISHED, 2) == "EADDRNOTAVAIL"
        namespaces.run(*bed.command("host", "ip", "addr", "add", f"{B}/32", "dev", "lo"))
        assert ask(bed, "host", CALLS, B, ROUTER_OUTSIDE, PUBLISHED, 2) == "timeout"  # forged: a region's


def test_a_cut_is_silent_and_one_way_if_asked_and_heals(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "b", ECHO, 8883):
        code, answer = bed.linkctl("change", json.dumps({"singapore": {"state": "cut"}}))
        assert code == 0
        assert answer["stamp"]["monotonic_ns"] > 0
        assert ask(bed, "a", UDP, B, 5, 0.3) == "0"
        assert traffic(bed, "tokyo")["packets_out"] == 5  # they went; the answers did not
        assert traffic(bed, "singapore")["dropped"]["cut"] == 5
        code, probed = bed.linkctl("probe", "--count", "3")
        assert (probed["lost"], probed["rtt_us"]["p50"]) == (3, None)
        assert probed["one_way_us"]["tokyo"]["p50"] is not None
        bed.set(state="cut")
        assert ask(bed, "a", TCP, B, 8883, 0.5) == "timeout"
        bed.set()
        assert ask(bed, "a", TCP, B, 8883, 20) == "ok"


def test_the_router_measures_its_links_by_itself_when_they_are_open(bed: Bed) -> None:
    with bed.router(namespaces.config({"delay_us": 20_000})) as router:
        assert router.stdout is not None
        line = next(line for line in router.stdout if ": probed " in line)
        answer = own_probes(line.encode(), "tokyo-singapore")
        assert answer is not None
        assert (answer["count"], answer["lost"], answer["configured_rtt_us"]) == (20, 0, 20_000)
        assert answer["rtt_us"]["min"] >= 19_500


def test_what_is_in_flight_dies_with_a_cut(bed: Bed) -> None:
    with bed.router(namespaces.config({"delay_us": 30_000_000})), program(bed, "b", ECHO, 8883):
        ask(bed, "a", UDP, B, 7, 0.1)
        tokyo = bed.linkctl("get")[1]["directions"]["tokyo"]
        assert tokyo["in_flight"]["packets"] == 7 + tokyo["probes"]["packets_in"]
        bed.set(state="cut")
        assert traffic(bed, "tokyo")["dropped"]["cut"] == 7
        assert bed.linkctl("get")[1]["directions"]["tokyo"]["in_flight"] == {"packets": 0, "segments": 0, "bytes": 0}


def test_reject_refuses_new_connections_and_resets_old_ones(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "b", ECHO, 8883), program(bed, "a", HELD, B, 8883) as held:
        bed.set(state="reject")
        assert ask(bed, "a", TCP, B, 8883, 20) == "ECONNREFUSED"
        assert ask(bed, "b", TCP, A, 8883, 20) == "ECONNREFUSED"
        assert held.communicate("go\n", timeout=60)[0] == "ECONNRESET\n"
        assert traffic(bed, "tokyo")["dropped"]["reject"] >= 2


def test_published_ports_reach_the_broker_and_nothing_else_passes(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "a", ECHO, 8883), program(bed, "b", ECHO, 8778):
        assert ask(bed, "host", TCP, ROUTER_OUTSIDE, PUBLISHED, 20) == "ok"
        for where, address, port in (
            ("host", A, 8883),  # past the published port
            ("host", ROUTER_OUTSIDE, PUBLISHED + 1),
            ("a", HOST, 8883),  # a broker to the outside
            ("a", B, 8778),  # management, between regions
            ("b", ROUTER_OUTSIDE, PUBLISHED),  # another region's port from inside
            ("a", "10.213.0.62", 8883),  # the host's own address in the other region
        ):
            assert ask(bed, where, TCP, address, port, 0.4) == "timeout", (where, address, port)
        assert ask(bed, "a", TCP, "198.51.100.1", 80, 0.4) in ("timeout", "ENETUNREACH", "EHOSTUNREACH")
        routes = namespaces.run(*bed.command("router", "ip", "route", "show", "default"))
        assert routes == ""


def test_a_forged_source_is_dropped(bed: Bed) -> None:
    with bed.router(namespaces.config()), program(bed, "b", ECHO, 8883):
        namespaces.run(*bed.command("a", "ip", "addr", "add", "10.213.0.70/32", "dev", "lo"))
        assert ask(bed, "a", UDP, B, 3, 0.3, "10.213.0.70") == "0"
        assert traffic(bed, "tokyo")["packets_in"] == 0
        assert ask(bed, "a", UDP, B, 3, 20, A) == "3"


def test_regions_without_a_link_do_not_hear_each_other(bed: Bed) -> None:
    with bed.router(namespaces.config(links=[])), program(bed, "b", ECHO, 8883):
        assert ask(bed, "a", UDP, B, 3, 0.3) == "0"


@pytest.mark.release
def test_a_dead_link_stops_the_router_and_nothing_passes(bed: Bed) -> None:
    with bed.router(namespaces.config()) as router, program(bed, "b", ECHO, 8883):
        child = namespaces.run("pgrep", "-P", str(router.pid)).strip()
        namespaces.run("kill", "-9", child)
        assert router.wait(timeout=60) == 1
        assert router.stdout is not None
        assert "link tokyo-singapore ended (signal SIGKILL)" in router.stdout.read()
        assert ask(bed, "a", UDP, B, 3, 0.3) == "0"


@pytest.mark.release
def test_a_router_told_to_stop_does_and_nothing_passes_until_it_is_back(bed: Bed) -> None:
    with program(bed, "b", ECHO, 8883):
        with bed.router(namespaces.config()) as router:
            router.terminate()
            assert router.wait(timeout=60) == 0
            assert ask(bed, "a", UDP, B, 3, 0.3) == "0"
        with bed.router(namespaces.config()):
            assert ask(bed, "a", UDP, B, 3, 20) == "3"


@pytest.mark.release
def test_a_router_that_cannot_find_its_network_says_so_and_ends(bed: Bed) -> None:
    config = namespaces.config()
    config["networks"][0]["address"] = "10.213.0.3/27"
    said = r"ended with 1: router: no interface has the address of tokyo"
    with pytest.raises(RuntimeError, match=said), bed.router(config):
        pass


def test_hostile_requests_leave_the_link_at_work(bed: Bed) -> None:
    with bed.router(namespaces.config({"delay_us": 1_000}, {"delay_us": 1_000})), program(bed, "b", ECHO, 8883):
        for text in ("[" * 60_000, '{"tokyo": {"delay_us": 1e999}}', '{"tokyo": {"loss": -1}}', '{"x": {}}', "{}"):
            code, answer = bed.linkctl("change", text)
            assert (code, answer["ok"]) == (2, False), text[:40]
        assert bed.linkctl("get")[1]["directions"]["tokyo"]["impairment"]["delay_us"] == 1_000
        assert ask(bed, "a", UDP, B, 10, 20) == "10"
