"""Measures the link emulator: how true its delay is, and what it costs in throughput and CPU.

The delay is measured in network namespaces, where nothing else takes time; throughput as a lab has it, and once more in
the namespaces, which shows what Docker's bridges and firewall cost either way. Every figure stands beside plain
forwarding measured in the same run. Needs root, ip, nft, setpriv, an engine and the images; about three minutes.

    python -m bench.link [--out FILE] [--quick | --busy]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench import throughput
from bench.article import Article
from bench.machine import machine
from bench.throughput import PORT, ROUNDS, SINK, SOURCE, WARM_UP, WINDOWS, cpu_seconds_in
from tests.router.namespaces import A, B, Bed, bed, config, run, unfit

ROUND_TRIPS_MS = (0, 1, 10, 70, 300)
STREAM_MS = 10  # the round trip of the streams in namespaces
ALL = [["all", 0, 65535]]
OPEN = {
    "ways": [{"from": one, "to": other, "out": ALL, "in": ALL} for one, other in ((A, B), (B, A))]
}  # as a lab has it
# The measuring programs are real-time processes, since their own waiting is not the link's. Niceness is not enough: a
# program that wakes may wait for the end of a busy one's time slice, and the echo is part of each round trip.
FIRST = ("chrt", "-f", "50")

# Arrival is the kernel's stamp; the echo's own turn-around is part of every round trip, also of the plain one.
ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', int(sys.argv[2])))
print('ready', flush=True)
while True:
    data, where = s.recvfrom(100)
    s.sendto(data, where)
"""
PING = """
import json, select, socket, struct, time
count, gap, patience = int(sys.argv[4]), float(sys.argv[5]), float(sys.argv[6])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, 35, 1)
s.connect((sys.argv[2], int(sys.argv[3])))
left, trips, start, sent = {}, {}, time.monotonic(), 0
while len(trips) < count and time.monotonic() < start + count * gap + patience:
    if sent < count and time.monotonic() >= start + sent * gap:
        left[sent] = time.time_ns(); s.send(struct.pack('=I', sent)); sent += 1
    wait = start + sent * gap - time.monotonic() if sent < count else 0.1
    if select.select([s], [], [], max(0, wait))[0]:
        data, extra, _, _ = s.recvmsg(100, 100)
        seconds, ns = struct.unpack('=qq', extra[0][2][:16])
        number = struct.unpack('=I', data)[0]; trips[number] = (seconds * 10**9 + ns - left[number]) / 1000
print(json.dumps(list(trips.values())))
"""


@contextlib.contextmanager
def server(where: Bed, program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program in namespace b from when it is ready until the end of the block."""
    process = subprocess.Popen(
        [*FIRST, *where.python("b", program, PORT, *arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def round_trips(where: Bed, count: int, gap: float) -> list[float]:
    """Return the round trips from a to b in µs, sorted."""
    with server(where, ECHO):
        return sorted(json.loads(run(*FIRST, *where.python("a", PING, B, PORT, count, gap, 2.0))))


def stream(where: Bed, seconds: float) -> float:
    """Return the Mbit/s of one TCP stream from a to b, after its slow start."""
    window = WINDOWS[STREAM_MS]
    with server(where, SINK, window, WARM_UP) as sink:
        run(*where.python("a", SOURCE, B, PORT, window, seconds))
        return float(sink.communicate(timeout=30)[0])


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    return cpu_seconds_in(Path(f"/proc/{pid}/stat").read_text())


def waited(pid: int) -> tuple[int, int]:
    """Return the ns that a process has waited for a core, and how often it was given one."""
    _, waited_ns, turns = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(waited_ns), int(turns)


@contextlib.contextmanager
def every_core_busy() -> Iterator[None]:
    """Keep as many loops spinning as there are cores."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def error(trips: list[float], asked_ms: float, count: int) -> dict[str, Any]:
    """Return the errors of round trips against the configured ones, in ms."""
    if not trips:
        return {"round_trip_ms": asked_ms, "lost": count, "p50": None, "p99": None, "max": None}
    off = [trip / 1000 - asked_ms for trip in trips]
    picks = {"p50": len(off) // 2, "p99": round(0.99 * (len(off) - 1)), "max": -1}
    read = {name: round(off[at], 3) for name, at in picks.items()}
    return {"round_trip_ms": asked_ms, "lost": count - len(off)} | read


@contextlib.contextmanager
def plain(folder: Path) -> Iterator[Bed]:
    """Return the same namespaces with the kernel alone forwarding."""
    with bed(folder) as where:
        for name, gateway, device in (("a", "10.213.0.1", "to-a"), ("b", "10.213.0.33", "to-b")):
            run(*where.command(name, "ip", "route", "replace", "default", "via", gateway))
            run(*where.command("router", "ip", "addr", "add", f"{gateway}/27", "dev", device))
        yield where


def plain_streams(folder: Path, seconds: float) -> list[float]:
    """Return the Mbit/s of some streams that the kernel alone forwards."""
    with plain(folder) as where:
        return [stream(where, seconds) for _ in range(ROUNDS)]


def errors(where: Bed, pid: int, count: int) -> dict[str, Any]:
    """Return the errors of round trips against the configured ones, on a quiet machine and on a busy one."""
    quiet = []
    for asked in ROUND_TRIPS_MS:
        where.set(delay_us=asked * 500)
        before = cpu_seconds(pid)
        trips = error(round_trips(where, count, 0.005), asked, count)
        used = (cpu_seconds(pid) - before) / (2 * count) * 1e6
        quiet.append(trips | {"cpu_us_per_packet": round(used)})
    return {"round_trip_error_ms": quiet, "busy_error_ms": busy_errors(where, pid, count)}


def busy_errors(where: Bed, pid: int, count: int) -> list[dict[str, Any]]:
    """Return the same with every core busy, how long the link waited for a core, and the time that the host took."""
    rows = []
    with every_core_busy():
        for asked in (10, 70):
            where.set(delay_us=asked * 500)
            (ns, turns), stolen = waited(pid), psutil.cpu_times().steal
            row = error(round_trips(where, count, 0.005), asked, count)
            later, more = waited(pid)
            row["link_waited_us"] = round((later - ns) / 1000 / max(1, more - turns), 1)
            rows.append(row | {"stolen_ms": round((psutil.cpu_times().steal - stolen) * 1000)})
    return rows


def measure_busy() -> list[dict[str, Any]]:
    """Measure with every core busy alone: some ten seconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        bed(Path(folder)) as where,
        where.router(config(policy=OPEN)) as router,
    ):
        return busy_errors(where, link_of(router.pid), 600)


def link_of(router: int) -> int:
    """Return the process of the only link of a router."""
    return int(Path(f"/proc/{router}/task/{router}/children").read_text().split()[0])


def measure(quick: bool) -> dict[str, Any]:
    """Measure everything, once."""
    count, seconds = (100, 2.0) if quick else (600, 4.0)
    article = Article.ready()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        with plain(Path(folder)) as where:
            results["plain"] = {"round_trip": error(round_trips(where, count, 0.005), 0, count)}
        streams = plain_streams(Path(folder), seconds)
        with bed(Path(folder)) as where, where.router(config(policy=OPEN)) as router:
            pid = link_of(router.pid)
            results["scheduling"] = where.linkctl("get")[1]["scheduling"]
            results["fixed_cost_us"] = where.linkctl("get")[1]["fixed_cost_us"]
            results |= errors(where, pid, count)
            where.set(delay_us=STREAM_MS * 500)
            over = [stream(where, seconds) for _ in range(ROUNDS)]
        streams += plain_streams(Path(folder), seconds)
    usual = statistics.median(streams)
    results["throughput_in_namespaces"] = {
        "round_trip_ms": STREAM_MS,
        "plain_mbit_s": round(usual),
        "plain_mbit_s_of_each": [round(each) for each in streams],
        "mbit_s": round(statistics.median(over)),
        "mbit_s_of_each": [round(each) for each in over],
        "of_plain": round(statistics.median(over) / usual, 3),
    }
    results["throughput"] = throughput.measure(article, seconds=seconds)
    return results


def table(results: dict[str, Any]) -> str:
    """Return the results as text for people."""
    base = results["plain"]["round_trip"]
    lines = [
        f"link: {results['scheduling']}; {results['fixed_cost_us']:.0f} µs to cross at zero delay",
        "",
        f"{'round trip':>12} {'error p50':>10} {'p99':>8} {'max':>8} {'lost':>5}   ms",
        f"{'plain':>12} {base['p50']:>10} {base['p99']:>8} {base['max']:>8} {base['lost']:>5}   (forwarding, no link)",
    ]
    for note, rows in (("", results["round_trip_error_ms"]), ("every core busy", results["busy_error_ms"])):
        for row in rows:
            cells = f"{row['p50']:>10} {row['p99']:>8} {row['max']:>8} {row['lost']:>5}"
            lines.append(f"{row['round_trip_ms']:>9} ms {cells}   {note}")
    lines += ["", *throughput.lines(results["throughput"])]
    bare = results["throughput_in_namespaces"]
    lines.append(
        f"without Docker, {STREAM_MS} ms: {bare['mbit_s']} of {bare['plain_mbit_s']} Mbit/s, {bare['of_plain']}"
    )
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer packets, shorter streams")
    parser.add_argument("--busy", action="store_true", help="the errors with every core busy alone, as JSON")
    asked = parser.parse_args()
    if reason := unfit():
        print(f"bench/link.py {reason}", file=sys.stderr)
        return 3
    if asked.busy:
        print("\n".join(map(json.dumps, measure_busy())))
        return 0
    before = machine()
    results = measure(asked.quick)
    print(table(results))
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps({"machine": before, **results}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
