"""How long judging a million messages takes, and how much memory, in all and in the books; prints one JSON object.

`python -m bench.judge [MESSAGES]` writes a history of that many messages to a temporary file and judges it from there.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.history import (
    Acknowledged,
    Ended,
    Header,
    Observation,
    Publishing,
    Received,
    Sent,
    Subscribed,
    line,
    observations,
)
from lab.history.checksum import Checksum
from lab.history.writing import header_line
from lab.judge import judge_file
from lab.judge.evidence.evidence import collect_evidence
from lab.replay.outstanding_messages import Outstanding

DECLARED = {"expect": [{"delivered": {"to": ["ear"], "promise": "exactly-once"}}, {"latency": {"p99": "1s"}}]}
HEADER = Header(run="r", scenario="bench", seed=1, runtime="emulation", started="", declared=DECLARED, mqlab="0")


def story(count: int) -> Iterator[Observation]:
    """Tell of messages sent one each 100 µs, all received 40 ms later."""
    topic = "topic://bench"
    yield Subscribed(t=0.0, client="ear", broker="b", over="mqtt", destination=topic, step=1)
    yield Publishing(
        t=0.0,
        step=2,
        client="p",
        broker="a",
        over="mqtt",
        destination=topic,
        count=count,
        persistent=True,
        body="generated",
    )
    for number in range(1, count + 401):
        t = number / 10_000
        if number <= count:
            yield Sent(t=t, id=f"2-{number}")
            yield Acknowledged(t=t + 0.00001, id=f"2-{number}")
        if number > 400:
            yield Received(t=t + 0.00002, client="ear", destination=topic, id=f"2-{number - 400}")
    yield Ended(t=count / 10_000 + 60, complete=True)


def outstanding(count: int) -> Outstanding:
    """Keep the book that a replay keeps while it runs."""
    book = Outstanding(lambda source, target: True)
    for seen in story(count):
        book.record(seen)
    return book


def bytes_a_message(keep: Callable[[int], object], count: int) -> float:
    """Return the most memory that keeping a book of so many messages took at any time."""
    tracemalloc.start()
    kept = keep(count)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return round(most / count, 1)


def write(path: Path, observations: Iterable[Observation]) -> None:
    """Write a history with its checksum, line by line."""
    checksum = Checksum()
    with path.open("wb") as file:
        header = header_line(HEADER).encode()
        checksum.add(header)
        file.write(header)
        for seen in observations:
            octets = line(checksum.on(seen) if isinstance(seen, Ended) else seen).encode()
            file.write(checksum.closed(octets) if isinstance(seen, Ended) else octets)
            checksum.add(octets, 1)


def main() -> None:
    """Measure reading alone, then reading and judging, in processor time, which other work does not lengthen."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        write(path, story(count))
        begin = time.process_time()
        for _ in observations(path):
            pass
        read = time.process_time()
        report = judge_file(path)
        end = time.process_time()
        result = {
            "messages": count,
            "history_mib": round(path.stat().st_size / 2**20, 1),
            "read_only_cpu_s": round(read - begin, 2),
            "read_and_judge_cpu_s": round(end - read, 2),
            "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            "ledger_bytes_a_message": bytes_a_message(lambda many: collect_evidence(HEADER, story(many)), count // 10),
            "outstanding_bytes_a_message": bytes_a_message(outstanding, count // 10),
            "outcome": str(report.outcome),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
