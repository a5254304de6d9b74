"""Measures the link emulator in network namespaces: how true its delay is, and what it costs in throughput and CPU.

Every figure stands beside plain forwarding measured in the same run. Needs root, ip, nft, setpriv; about two minutes.

    python bench/link.py [--out FILE] [--quick]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "router"))
from namespaces import A, B, Bed, bed, config, run
from namespaces import unfit as unfit

PORT = 7007
ROUND_TRIPS_MS = (0, 1, 10, 70, 300)
# Each with its TCP window: at 70 ms the window is what limits a stream, elsewhere it is not to be what is measured.
THROUGHPUT_MS = {0: 64 << 20, 10: 64 << 20, 70: 16 << 20}
ROUNDS = 3  # a plain stream is up to three times as fast as the next one, by the cores that it happens to get
ALL = [["all", 0, 65535]]
OPEN = {
    "ways": [{"from": one, "to": other, "out": ALL, "in": ALL} for one, other in ((A, B), (B, A))]
}  # as a lab has it
FIRST = ("nice", "-n", "-19")  # the measuring programs wait for nobody: their own waiting is not the link's

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
SINK = """
import socket, time
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, 33, int(sys.argv[3]))  # SO_RCVBUFFORCE, inherited by what is accepted
listener.bind(('0.0.0.0', int(sys.argv[2]))); listener.listen(1)
print('ready', flush=True)
stream, _ = listener.accept(); room = bytearray(1 << 20); begun = time.monotonic(); total = warm = 0
while got := stream.recv_into(room):
    total += got
    if not warm and time.monotonic() - begun > float(sys.argv[4]):
        warm, begun = total, time.monotonic()
print((total - warm) * 8 / (time.monotonic() - begun) / 1e6)
"""
SOURCE = """
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, 32, int(sys.argv[4]))  # SO_SNDBUFFORCE
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b'reno')  # every kernel has it, and it fills the window
s.connect((sys.argv[2], int(sys.argv[3]))); body = bytes(1 << 20); end = time.monotonic() + float(sys.argv[5])
while time.monotonic() < end:
    s.sendall(body)
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
    """Give the round trips from a to b in µs, sorted."""
    with server(where, ECHO):
        return sorted(json.loads(run(*FIRST, *where.python("a", PING, B, PORT, count, gap, 2.0))))


def throughput(where: Bed, seconds: float, warm: float, window: int) -> float:
    """Give the Mbit/s of one TCP stream from a to b, after its slow start."""
    with server(where, SINK, window, warm) as sink:
        run(*where.python("a", SOURCE, B, PORT, window, seconds))
        return float(sink.communicate(timeout=30)[0])


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process has used."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


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
    """Give how far round trips are from what was asked, in ms."""
    if not trips:
        return {"round_trip_ms": asked_ms, "lost": count, "p50": None, "p99": None, "max": None}
    off = [trip / 1000 - asked_ms for trip in trips]
    picks = {"p50": len(off) // 2, "p99": round(0.99 * (len(off) - 1)), "max": -1}
    read = {name: round(off[at], 3) for name, at in picks.items()}
    return {"round_trip_ms": asked_ms, "lost": count - len(off)} | read


@contextlib.contextmanager
def plain(folder: Path) -> Iterator[Bed]:
    """Give the same namespaces with the kernel alone forwarding."""
    with bed(folder) as where:
        for name, gateway, device in (("a", "10.213.0.1", "to-a"), ("b", "10.213.0.33", "to-b")):
            run(*where.command(name, "ip", "route", "replace", "default", "via", gateway))
            run(*where.command("router", "ip", "addr", "add", f"{gateway}/27", "dev", device))
        yield where


def plain_streams(folder: Path, seconds: float) -> list[float]:
    """Give the Mbit/s of some streams that the kernel alone forwards."""
    with plain(folder) as where:
        return [throughput(where, seconds, 0.5, THROUGHPUT_MS[0]) for _ in range(ROUNDS)]


def measure(quick: bool) -> dict[str, Any]:
    """Measure everything, once."""
    count, seconds = (100, 2.0) if quick else (600, 4.0)
    results: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "kernel": platform.release()}}
    with tempfile.TemporaryDirectory() as folder:
        with plain(Path(folder)) as where:
            results["plain"] = {"round_trip": error(round_trips(where, count, 0.005), 0, count)}
        streams = plain_streams(Path(folder), seconds)
        with bed(Path(folder)) as where, where.router(config(policy=OPEN)) as router:
            pid = int(Path(f"/proc/{router.pid}/task/{router.pid}/children").read_text().split()[0])
            results["scheduling"] = where.linkctl("get")[1]["scheduling"]
            results["fixed_cost_us"] = where.linkctl("get")[1]["fixed_cost_us"]
            results["round_trip_error_ms"] = []
            for asked in ROUND_TRIPS_MS:
                where.set(delay_us=asked * 500)
                before = cpu_seconds(pid)
                trips = error(round_trips(where, count, 0.005), asked, count)
                used = (cpu_seconds(pid) - before) / (2 * count) * 1e6
                results["round_trip_error_ms"].append(trips | {"cpu_us_per_packet": round(used)})
            results["busy_error_ms"] = []
            with every_core_busy():
                for asked in (10, 70):
                    where.set(delay_us=asked * 500)
                    results["busy_error_ms"].append(error(round_trips(where, count, 0.005), asked, count))
            results["throughput"] = [
                stream(where, pid, asked, window, seconds) for asked, window in THROUGHPUT_MS.items()
            ]
        streams += plain_streams(Path(folder), seconds)
    results["plain"] |= {
        "mbit_s": round(statistics.median(streams)),
        "mbit_s_of_each": [round(each) for each in streams],
    }
    for each in results["throughput"]:
        each["of_plain"] = round(each["mbit_s"] / results["plain"]["mbit_s"], 3)
    return results


def stream(where: Bed, pid: int, asked_ms: int, window: int, seconds: float) -> dict[str, Any]:
    """Give the throughput of some streams over the link, and the processor time of its process for each."""
    where.set(delay_us=asked_ms * 500)
    before = cpu_seconds(pid)
    far = asked_ms > 50
    speeds = [throughput(where, seconds + 2 * far, 1.5 if far else 0.5, window) for _ in range(ROUNDS)]
    return {
        "round_trip_ms": asked_ms,
        "window": window,
        "mbit_s": round(statistics.median(speeds)),
        "mbit_s_of_each": [round(each) for each in speeds],
        "cpu_seconds": round((cpu_seconds(pid) - before) / ROUNDS, 2),
    }


def table(results: dict[str, Any]) -> str:
    """Give the results as text for people."""
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
    lines += ["", f"{'round trip':>12} {'Mbit/s':>10} {'of plain':>8} {'CPU s':>8}"]
    lines.append(f"{'plain':>12} {results['plain']['mbit_s']:>10}")
    for row in results["throughput"]:
        cells = f"{row['mbit_s']:>10} {row['of_plain']:>8} {row['cpu_seconds']:>8}"
        lines.append(f"{row['round_trip_ms']:>9} ms {cells}")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer packets, shorter streams")
    asked = parser.parse_args()
    if reason := unfit():
        print(f"bench/link.py {reason}", file=sys.stderr)
        return 3
    results = measure(asked.quick)
    print(table(results))
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
