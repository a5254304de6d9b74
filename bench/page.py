"""The live page of eight brokers at 200 messages a second: how late events are, what its server takes, how large it is.

A simulation of a hub is recorded once: its history, and a poll of all brokers for every two seconds. The history is
then written at its own pace, and a server of its own (`python -m bench.page FOLDER`) serves the page to a browser
without a window. So no poll of a real broker is in the figures.
"""

from __future__ import annotations

import json
import pickle
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, cast
from urllib.request import urlopen

import psutil

from lab import labs
from lab.base.masking import Mask
from lab.declare.shapes import generate
from lab.extras.http_server import HOST, listening, server
from lab.extras.page.desk import Desk
from lab.extras.page.server import EVERY_SECONDS, Page, new_token
from lab.history import Counted, LogLine
from lab.living.lab import Live
from lab.living.polls import Looks
from lab.network.regions import REGIONS
from lab.runtime.state_file import StateFile
from lab.runtime.status import DirectionNow, Status
from tests.report.browser import Browser, browser, installed

BROKERS, PER_SECOND = 8, 200
PATHS = ("", "live.js", "live.css")
LINE = "bench-"  # the beginning of a log line whose way to the picture is timed
LINES_PER_SECOND = 5
SECONDS_BEFORE = 3.0  # from the opened page until its server's processor time counts
OPENINGS = 5
SHOWN = "document.querySelector('svg.network') && document.querySelectorAll('tr[data-at]').length > 8"
PAINTED = f"""new Promise((done) => {{
  const look = () => {{
    if (!({SHOWN})) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
  }};
  look();
}})"""
WATCH = f"""(() => {{
  window.painted = {{}};
  new MutationObserver(() => {{
    const rows = [...document.querySelectorAll("#log li")].map((row) => row.textContent.match(/{LINE}\\d+$/)?.[0]);
    const fresh = rows.filter((name) => name && !(name in painted));
    if (fresh.length) requestAnimationFrame(() => setTimeout(() => {{
      for (const name of fresh) painted[name] ??= (performance.timeOrigin + performance.now()) / 1000;
    }}, 0));
  }}).observe(document.getElementById("log"), {{ childList: true }});
}})()"""


@dataclass(frozen=True)
class Polled:
    """A poll of the recorded lab."""

    t: float
    status: Status
    counted: tuple[Counted, ...]
    ways: tuple[DirectionNow, ...]


def record(folder: Path, seconds: float) -> tuple[float, Sequence[bytes]]:
    """Record a hub; write its polls to the folder, and return the first message's moment and the history's lines."""
    codes = islice((code for code, region in REGIONS.items() if region.latitude is not None), BROKERS)
    for name, text in generate("hub", list(codes), "hub").items():
        (folder / name).write_text(text, encoding="utf-8")
    with labs.up(folder / "topology.yaml", runtime="simulation", runs=folder) as live:
        names = [broker.name for broker in live.lab.note.plan.brokers]
        for name in names:
            live.connect(name, "amqp", on_message=lambda message: None).subscribe(queue=f"orders.{name}")
        shops = [live.connect(name, "stomp") for name in names]
        begin, polls, looks = live.lab.clock.now(), [], Looks(live)
        for number in range(int(seconds * PER_SECOND)):
            if number % (PER_SECOND * EVERY_SECONDS) == 0:
                look = looks.look()
                polls.append(Polled(t=look.t, status=look.status, counted=look.counted, ways=live.links()))
            if number % (PER_SECOND // LINES_PER_SECOND) == 0:
                text = f"{LINE}{number}"
                live.history.record(LogLine(t=live.lab.clock.now(), broker=names[0], level="WARN", text=text))
            to = names[(number + number // BROKERS) % BROKERS]
            shops[number % BROKERS].publish(100 * "x", queue=f"orders.{to}", persistent=False)
            live.lab.clock.sleep(max(0.0, begin + (number + 1) / PER_SECOND - live.lab.clock.now()))
        looks.close()
        lines = live.history.file.path.read_bytes().splitlines(keepends=True)
        note = live.lab.note.with_fields(folder=str(folder))
        (folder / "lab.pickle").write_bytes(pickle.dumps((note, polls)))
    return begin, lines


class Played:
    """A recorded lab, as far as a page asks it; time passes from the first poll."""

    def __init__(self, note: StateFile, polls: Sequence[Polled]) -> None:
        self.note, self.run, self._polls = note, note.run, polls
        self.lab = self.links = self.management = self.clock = self
        self._begun: float | None = None

    @property
    def present(self) -> Polled:
        """Return the poll of this moment."""
        begun = self._begun or time.monotonic()
        return self._polls[min(int((time.monotonic() - begun) / EVERY_SECONDS), len(self._polls) - 1)]

    def status(self) -> Status:
        """Return the status, and let the time begin."""
        self._begun = self._begun or time.monotonic()
        return self.present.status

    def snapshot(self, name: str) -> tuple[Counted, ...]:
        """Return the counters."""
        return self.present.counted

    def now(self, link: str | None = None) -> float | tuple[DirectionNow, ...]:
        """Return the time of the lab's clock, or the directions of a link."""
        now = self.present
        return now.t if link is None else tuple(way for way in now.ways if way.link == link)

    def mask(self) -> Mask:
        """Return that no password is known."""
        return Mask()


def serve(folder: Path) -> None:
    """Serve the page of the recorded lab, and print its address."""
    note, polls = pickle.loads((folder / "lab.pickle").read_bytes())
    with ExitStack() as opened:
        looking, acting, following = (opened.enter_context(ThreadPoolExecutor(1)) for _ in range(3))
        door = opened.enter_context(closing(listening(0)))
        desk = opened.enter_context(closing(Desk(cast(Live, Played(note, polls)))))
        port, token = door.getsockname()[1], new_token()
        page = Page(desk, port=port, token=token, looking=looking, acting=acting, following=following)
        print(json.dumps({"address": f"http://{HOST}:{port}/", "token": token}), flush=True)
        server(page.application).run(sockets=[door])


@contextmanager
def served(folder: Path) -> Iterator[tuple[psutil.Process, Mapping[str, Any]]]:
    """Serve the page by a process for the block."""
    with subprocess.Popen([sys.executable, "-m", "bench.page", str(folder)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield psutil.Process(process.pid), json.loads(process.stdout.readline())
        finally:
            process.terminate()


def write(history: Path, lines: Sequence[bytes], begin: float, stop: Event) -> dict[str, float]:
    """Write lines at their own pace, and return the moments at which the timed lines were written."""
    written, start = {}, time.time()
    with history.open("ab", buffering=0) as file:
        for line in lines:
            fields = json.loads(line)
            if stop.wait(max(0.0, start + fields["t"] - begin - time.time())):
                break
            file.write(line)
            if str(fields.get("text", "")).startswith(LINE):
                written[fields["text"]] = time.time()
    return written


def follow(running: Browser, folder: Path, begin: float, lines: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """Open the page some times, and then read it while the history is written."""
    first = next(n for n, line in enumerate(lines) if n and json.loads(line)["t"] >= begin)
    history = folder / "history.jsonl"
    history.write_bytes(b"".join(lines[:first]))
    with served(folder) as (process, its):
        size = sum(len(urlopen(its["address"] + path).read()) for path in PATHS)
        address, openings = f"{its['address']}#token={its['token']}", []
        for _ in range(OPENINGS):
            running.open("about:blank")
            running.open(address)
            openings.append(running.ask(PAINTED) / 1000)
        running.ask(WATCH)
        stop, moments = Event(), {}
        writing = Thread(target=lambda: moments.update(write(history, lines[first:], begin, stop)))
        writing.start()
        time.sleep(SECONDS_BEFORE)
        psutil.cpu_percent()
        took, at = sum(process.cpu_times()[:2]), time.monotonic()
        writing.join(seconds - 2 * SECONDS_BEFORE)
        took, passed = sum(process.cpu_times()[:2]) - took, time.monotonic() - at
        busy = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
        memory = process.memory_full_info()
        writing.join(2 * seconds)
        stop.set()
        writing.join()
        running.ask("new Promise((done) => setTimeout(done, 2000))")
        painted = running.ask("painted")
    late = sorted(painted[name] - at for name, at in moments.items() if name in painted)
    return {
        "bytes": size,
        "first_picture_s": round(statistics.median(openings), 3),
        "events": len(moments),
        "events_not_shown": len(moments) - len(late),
        "event_to_pixel_ms": {
            part: round(1000 * late[min(int(share * len(late)), len(late) - 1)], 1)
            for part, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
        },
        "core_share": round(took / passed, 4),
        "cores_busy_meanwhile": round(busy, 2),
        "memory_mib": round(memory.uss / 2**20, 1),
        "memory_with_shared_mib": round(memory.rss / 2**20, 1),
    }


def measure(seconds: float) -> dict[str, Any]:
    """Measure all of it for so many seconds of the recorded lab."""
    if installed() is None:
        return {"not_measured": "no chromium"}
    with TemporaryDirectory() as name, browser() as running:
        begin, lines = record(Path(name), seconds)
        return {
            "seconds": seconds,
            "brokers": BROKERS,
            "messages_per_s": PER_SECOND,
            **follow(running, Path(name), begin, lines, seconds),
        }


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
