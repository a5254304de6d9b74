"""Every shipped scenario, at more than one seed: `python -m bench.scenarios [NAME ...] [--engine 5.19] [--seeds 1 2]`.

Its brokers are of one engine version; those of a topology that has two, such as that of migration, keep theirs.
Each is run by `mqlab run`, as a person would, and must pass; a failing variant must fail for the reason that
its file gives. Prints a line as each ends and, below one that ended otherwise, why. When no scenario was left out, it
keeps build/bench/scenarios-5.18.json or build/bench/scenarios-5.19.json, with the releases that ran. The exit code
is 1 when any of them did not end as it should. With --reports, the report of each one's first run that passed is
written beside it, as `scenarios/NAME.report.txt`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.machine import machine
from lab.activemq.releases import DEFAULT, RELEASES
from lab.base import settings
from lab.check.scenarios import load_named

MQLAB = str(Path(sys.executable).with_name("mqlab"))
SCENARIOS = Path(__file__).parents[1] / "scenarios"
RESULTS = Path(__file__).parents[1] / "build" / "bench"
PATIENCE, CLEANING_UP = 900.0, 120.0  # seconds for one run, the longest of which takes 4 minutes; and to end it
ENDS = {2: "bad input", 3: "not built", 4: "timed out", 130: "interrupted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One scenario at one seed, and how it ended; `why` says what did not pass, `to_say` what that is to say."""

    scenario: str
    seed: int
    outcome: str
    seconds: float
    run: str = ""
    why: tuple[str, ...] = ()
    to_say: tuple[str, ...] = ()  # of a failing variant, which must fail; empty: it must pass
    releases: tuple[str, ...] = ()  # of ActiveMQ, that its brokers were of

    @property
    def passed(self) -> bool:
        """Tell whether every expectation was."""
        return self.outcome == "passed"

    @property
    def not_said(self) -> tuple[str, ...]:
        """Return what a failing variant's reasons were to say, and do not."""
        reasons = [line.removeprefix("failed: ") for line in self.why if line.startswith("failed: ")]
        return tuple(each for each in self.to_say if each not in "\n".join(reasons))

    @property
    def right(self) -> bool:
        """Tell whether it ended as it should."""
        return self.outcome == ("failed" if self.to_say else "passed") and not self.not_said

    def __str__(self) -> str:
        head = f"{self.scenario:<28} {self.seed:>5}  {self.outcome:<12} {self.seconds:6.1f} s"
        if self.to_say:
            head += ", as it should be" if self.right else ", and should fail by its reason"
        missing = (f"no reason says: {each}" for each in self.not_said if self.outcome == "failed")
        return "\n".join([head, *(f"    {line}" for line in (() if self.right else (*self.why, *missing)))])


def run(scenario: str, seed: int, more: Sequence[str] = (), to_say: Sequence[str] = ()) -> Ran:
    """Run one scenario to its end, and never longer than PATIENCE; `to_say` as in Ran."""
    return replace(_run(scenario, seed, more), to_say=tuple(to_say))


def _run(scenario: str, seed: int, more: Sequence[str]) -> Ran:
    begun = time.monotonic()
    command = [MQLAB, "run", scenario, "--seed", str(seed), "--json", "--quiet", *more]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()  # it removes its lab
        try:
            process.communicate(timeout=CLEANING_UP)
        except subprocess.TimeoutExpired:
            process.kill()
        why = (f"not at its end after {PATIENCE:.0f} s",)
        return Ran(scenario=scenario, seed=seed, outcome="timed out", seconds=_since(begun), why=why)
    return ended(scenario, seed, process.returncode, out, err, _since(begun))


def ended(scenario: str, seed: int, code: int, out: str, err: str, seconds: float) -> Ran:
    """Say how a run ended, from its exit code and what it printed: passed only where both say so."""
    try:
        report: Mapping[str, Any] = json.loads(out)
        outcome = report["outcome"]
    except (ValueError, KeyError, TypeError):  # what went wrong is JSON too, where a run is asked for it
        outcome, said = ENDS.get(code, f"exit code {code}"), (err.strip() or out).splitlines()
        return Ran(scenario=scenario, seed=seed, outcome=outcome, seconds=seconds, why=tuple(said[-8:]))
    if (outcome == "passed") != (code == 0):
        outcome = f"{outcome}, exit code {code}"
    why = tuple(
        f"{verdict['outcome']}: {line}"
        for verdict in report["verdicts"]
        if verdict["outcome"] != "passed"
        for line in (verdict["expectation"], *verdict["reason"].splitlines())
    )
    ran = releases_of(report)
    return Ran(scenario=scenario, seed=seed, outcome=outcome, seconds=seconds, run=report["run"], why=why, releases=ran)


def of_engine(name: str, engine: str) -> list[str]:
    """Return the options of `mqlab run` by which a scenario's brokers are of an engine version, if they are of one."""
    brokers = load_named(name, {}).topology.brokers
    mixed = len({broker.engine_version for broker in brokers.values()}) > 1
    return [] if mixed else [word for its in brokers for word in ("--set", f"brokers.{its}.engine-version={engine}")]


def releases_of(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the releases of ActiveMQ that a report names, sorted."""
    brokers = (broker for region in report["regions"] for broker in region["brokers"])
    return tuple(sorted({release for broker in brokers if (release := broker["activemq_version"])}))


def shipped() -> dict[str, tuple[str, ...]]:
    """Return what the reasons of each that `mqlab scenarios` lists are to say, by name; () must pass."""
    listed = subprocess.run([MQLAB, "scenarios", "--json"], capture_output=True, text=True, check=True).stdout
    return {each["name"]: tuple(each.get("fails", ())) for each in json.loads(listed)}


def report(ran: Ran, runs: Path) -> str:
    """Return the report of a run as a terminal shows it, without its last lines, which name the run's folder."""
    judged = subprocess.run(
        [MQLAB, "judge", str(runs / "runs" / ran.run)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
        check=ran.passed,
    )
    lines = judged.stdout.splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith(f"run {ran.run} "))
    return "\n".join(line.rstrip() for line in lines[:last]).rstrip() + "\n"


def write_reports(found: Iterable[Ran], runs: Path, to: Path) -> None:
    """Write the report of each scenario's first run that passed beside the scenario."""
    first: dict[str, Ran] = {}
    for ran in found:
        if ran.passed:
            first.setdefault(ran.scenario, ran)
    for name, ran in first.items():
        (to / f"{name}.report.txt").write_text(report(ran, runs), encoding="utf-8")


def summary(found: Iterable[Ran]) -> str:
    """Count them in one line."""
    found = tuple(found)
    right = sum(each.right for each in found)
    others = "" if right == len(found) else f", {len(found) - right} did not"
    return f"{right} of {len(found)} runs ended as they should{others}"


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)


def _number(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def main() -> int:
    """Run them seed by seed, say how each ends, and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = shipped()
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help="instead of all of them")
    parser.add_argument("--engine", choices=RELEASES, default=DEFAULT, help="the engine version of the brokers")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2], metavar="N")
    parser.add_argument("--jobs", type=_number, default=1, metavar="N", help="how many labs at once")
    parser.add_argument("--runs", metavar="DIR", help="keep the runs under this folder instead of .mqlab")
    parser.add_argument("--reports", action="store_true", help="write the reports beside the scenarios")
    asked = parser.parse_args()
    more = ["--runs", asked.runs] if asked.runs else []
    before, found = machine(), []
    print(f"{'scenario':<28} {'seed':>5}  {'outcome':<12} {'time':>8}", flush=True)
    with ThreadPoolExecutor(max_workers=asked.jobs) as pool:
        runs = [
            pool.submit(run, name, seed, [*more, *of_engine(name, asked.engine)], names[name])
            for seed in asked.seeds
            for name in asked.names or names
        ]
        try:
            for each in runs:  # in their order, whichever of those at once ends first
                found.append(each.result())
                print(found[-1], flush=True)
        except KeyboardInterrupt:  # the runs at work have been interrupted as well, and remove their labs
            pool.shutdown(cancel_futures=True)
            print(f"interrupted: {summary(found)}, and others were not run")
            return 130
    print(summary(found))
    if asked.reports:
        write_reports(found, Path(asked.runs or settings.HOME.in_force(os.environ)), SCENARIOS)
    if not asked.names:
        ran = {"engine": asked.engine, "releases": sorted({release for each in found for release in each.releases})}
        result = {"machine": before, **ran, "jobs": asked.jobs, "runs": [asdict(each) for each in found]}
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"scenarios-{asked.engine}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if all(each.right for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
