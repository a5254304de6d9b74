"""The verdicts on applications are borne out by the worlds behind the events, also where events are missing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from lab.declare.expectations.messages import Delivered
from lab.history import HistoryFile
from lab.judge import judge_file
from tests.judge.application_worlds import MARK, WITHIN, World, draw
from tests.judge.test_applications import HEADER

CLIENTS = {"billing": {"client-id": "billing-*", "broker": "singapore", "delivered-when": "acknowledged"}}
TOPOLOGY = {**HEADER.declared.get("topology", {}), "observe": ["orders", "topic:orders"]}
OBSERVED = replace(
    HEADER, runtime="emulation", declared={**HEADER.declared, "topology": TOPOLOGY, "clients": CLIENTS, "steps": []}
)
PROMISES = ("at-least-once", "exactly-once", "at-most-once", "nothing")
TOGETHER = 50


class Compared(NamedTuple):
    """A promise of a world, whether it was kept, and the verdict."""

    world: World
    promise: str
    kept: bool | None
    outcome: str
    reason: str

    @property
    def right(self) -> bool:
        if self.kept is None:
            return True
        may_be_unknown = self.world.faulty or self.world.automatic
        return self.outcome == ("passed" if self.kept else "failed") or (self.outcome == "unknown" and may_be_unknown)

    def __str__(self) -> str:
        return f"seed {self.world.seed}: {self.promise}, kept: {self.kept}\n  {self.outcome}: {self.reason}"


def compare(seed: int, folder: Path) -> Iterator[Compared]:
    """Yield the truth and the verdict for each promise."""
    world, path = draw(seed), folder / f"{seed}.jsonl"
    kind = world.destination.partition(":")[0]
    fields = {"to": "billing", kind: "orders", "within": f"{WITHIN:.0f}s"}
    asked = [Delivered.model_validate({**fields, "promise": promise}) for promise in PROMISES]
    with closing(HistoryFile(path, OBSERVED)) as file:
        for seen in world.lines:
            file.record(seen)
    report = judge_file(path, asked, since=MARK if world.mark else None)
    path.unlink()
    for promise, verdict in zip(PROMISES, report.verdicts, strict=True):
        yield Compared(world, promise, world.holds(promise), str(verdict.outcome), verdict.reason)


@pytest.mark.parametrize("start", range(1, 301, TOGETHER))
def test_no_verdict_on_an_application_is_false(start: int, tmp_path: Path) -> None:
    wrong = [str(its) for seed in range(start, start + TOGETHER) for its in compare(seed, tmp_path) if not its.right]
    assert not wrong, "\n".join(wrong[:10])


def main(first: int, end: int) -> int:
    """Compare the worlds of some seeds, and print how often each verdict was right; return 1 if any was wrong."""
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for its in (its for seed in range(first, end) for its in compare(seed, Path(folder))):
            counts[f"{its.promise}, kept: {its.kept}, {its.outcome}{'' if its.right else ': WRONG'}"] += 1
            if not its.right:
                print(its)
    print(*(f"{number:6} {text}" for text, number in sorted(counts.items())), sep="\n")
    return int(any(text.endswith("WRONG") for text in counts))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
