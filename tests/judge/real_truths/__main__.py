"""`python -m tests.judge.real_truths RUNTIME SEED ...`: run scenarios, compare their verdicts, and keep the histories.

With `keep` as the runtime real brokers run them, and each history is kept beside this file.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import yaml

from lab import labs
from tests.judge.real_truths.drawing import drawn

HERE = Path(__file__).parent
KEPT = HERE / "kept"


def wrong(seed: int, verdicts: Sequence[str]) -> list[str]:
    """Return in words the verdicts that are not as the truth of a seed has them; "?" allows held and unknown."""
    its = drawn(seed)
    pairs = zip(its.scenario["expect"], its.verdicts, verdicts, strict=True)
    return [
        f"seed {seed}: {expectation}: {found}, and the truth is {truth}"
        for expectation, truth, found in pairs
        if found != truth and not (truth == "?" and found in ("passed", "unknown"))
    ]


def run(seed: int, runtime: str, keep: bool) -> list[str]:
    """Run the scenario of a seed, and return in words the verdicts that are wrong."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name in ("one-broker.yaml", "strange.body"):
            copy(HERE / name, place / name)
        path = place / "truth.yaml"
        path.write_text(yaml.safe_dump(drawn(seed).scenario, sort_keys=False), encoding="utf-8")
        ran = labs.run(path, runtime=runtime, runs=place / "runs", environment={})
        if keep:
            KEPT.mkdir(exist_ok=True)
            history = (ran.folder.path / "history.jsonl").read_bytes()
            (KEPT / f"{seed:03d}.jsonl.gz").write_bytes(gzip.compress(history, mtime=0))
        found = [str(each.outcome) for each in ran.report.verdicts]
        reasons = [each.reason for each in ran.report.verdicts]
        return [f"{words}\n    {reasons}" for words in wrong(seed, found)]


def main() -> int:
    """Run what the command line asks for; return 1 if a verdict is wrong."""
    runtime, *seeds = sys.argv[1:]
    keep = runtime == "keep"
    first, last = int(seeds[0]), int(seeds[-1])
    bad = 0
    for seed in range(first, last + 1):
        found = run(seed, "emulation" if keep else runtime, keep)
        bad += len(found)
        print(*found or [f"seed {seed}: as it is"], sep="\n", flush=True)
    print(f"{bad} wrong")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
