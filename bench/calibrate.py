"""The times of this machine that the simulation goes by, measured on real brokers: `python -m bench.calibrate [FILE]`.

One scenario (bench/calibration.yaml) is run by real brokers. Times of starts and stops are read off its history; those
of messages and logins are what the simulation has, corrected until a simulated run of the same scenario takes as long
as the real one did. They are written to FILE, with the machine and the date, for `MQLAB_COSTS=FILE`; what is there is
left alone, and what ships is never changed. Takes two minutes, on a machine that should have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.contract.figures import figures
from bench.machine import machine
from lab import labs
from lab.activemq.log_lines import LOCKED, STARTED
from lab.base.interrupts import ended_by_signals
from lab.base.settings import COSTS
from lab.base.text_files import write_new
from lab.base.units import parse_duration
from lab.errors import LabError
from lab.history import (
    Acknowledged,
    Approached,
    BrokerChanged,
    Header,
    LinkChanged,
    LogLine,
    Observation,
    Sent,
    StepStarted,
    observations,
)
from lab.simulation.costs import NAMES, shipped_values

SCENARIO = Path(__file__).parent / "calibration.yaml"
BUSY = 0.4  # cores that others keep busy
PLAIN, STORED = 4, 5  # steps
ROUNDS = 3  # of correcting
READ_OFF = {
    "begin": "the order to start a standby: until its log says that it waits for its store's lock, the median",
    "boot": "the order to start a broker that was stopped: until its log says that it has started, the median, less "
    "begin",
    "recover": "the same of a broker that was killed, less the same of one that was stopped",
    "stop": "a broker asked to stop: until its container had ended, the median",
    "link": "the order to change a link: until it is changed, the median",
    "first": "the first login over STOMP at a broker that has started, the median, less tls",
}
CORRECTED = {
    "handling": "the p50 of 300 messages at 50/s, not persistent, through one broker",
    "store-sync": "how much longer the acknowledgement of a persistent message that nobody consumes takes "
    "than that of another, the medians of 300",
    "message": "2,000 messages in a burst, a message after the first fifth",
    "tls": "a login over STOMP, the median of 20",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times of one run of the scenario, in seconds, by the name of the cost that each is about."""

    of: Mapping[str, float]
    passed: bool


def run(runtime: str, costs: Path | None = None) -> Times:
    """Run the scenario and read its times."""
    environment = {key: value for key, value in os.environ.items() if key != COSTS.name}
    environment |= {COSTS.name: str(costs)} if costs is not None else {}
    with tempfile.TemporaryDirectory() as folder:
        ran = labs.run(SCENARIO, runtime=runtime, runs=Path(folder), environment=environment)
        streams = {each.name.rpartition(" ")[2]: each for each in figures(ran.judged).streams}
        lines = list(observations(ran.folder.history))
    changes = [each for each in lines if isinstance(each, BrokerChanged) and each.broker == "tokyo"]
    login, first = (
        [each.took for each in lines if isinstance(each, Approached) and each.client == client]
        for client in ("login", "first")
    )
    orders = [each for each in lines if isinstance(each, StepStarted)]
    begin = _after(orders, "start", [each.t for each in lines if isinstance(each, LogLine) and each.name == LOCKED])
    up = [each.t for each in lines if isinstance(each, LogLine) and (each.broker, each.name) == ("tokyo", STARTED)]
    stopped, killed = (_after(orders, "start", up, before=verb) for verb in ("stop", "kill"))
    linked = [each.t for each in lines if isinstance(each, LinkChanged)]
    plain, burst = streams["plain"], streams["burst"]
    receipts = [_receipts(lines, step) for step in (PLAIN, STORED)]
    assert burst.per_s is not None  # 2,000 messages do not come at one moment
    return Times(
        of={
            "begin": begin,
            "boot": stopped - begin,
            "recover": killed - stopped,
            "stop": median(_from_to(changes, "stopping", "stopped")),
            "link": _after(orders, "impair", linked),
            "first": median(first) - median(login),
            "handling": plain.p50 / 1000,
            "store-sync": receipts[1] - receipts[0],
            "message": 1 / burst.per_s,
            "tls": median(login),
        },
        passed=ran.passed,
    )


def _receipts(lines: Sequence[Header | Observation], step: int) -> float:
    """Return how long a step's acknowledgements took, in seconds, the median."""
    sent = {each.id: each.t for each in lines if isinstance(each, Sent) and each.id.startswith(f"{step}-")}
    return median(each.t - sent[each.id] for each in lines if isinstance(each, Acknowledged) and each.id in sent)


def _after(orders: Sequence[StepStarted], verb: str, ends: Sequence[float], before: str = "") -> float:
    """Return how long it took from an order to the end that came of it, the median.

    With `before` only where the order before it was that one.
    """
    took = []
    for end in ends:
        until = [each for each in orders if each.t < end]
        if until and until[-1].verb == verb and before in ("", until[-2].verb):
            took.append(end - until[-1].t)
    return median(took)


def _from_to(changes: Sequence[BrokerChanged], one: str, other: str) -> list[float]:
    """Return how long it took each time from one state of an instance to the other."""
    found = []
    for number, begin in enumerate(changes):
        if begin.state == one:
            ends = (each.t for each in changes[number:] if (each.broker, each.state) == (begin.broker, other))
            found.append(next(ends) - begin.t)
    return found


def simulate(costs: Path) -> Mapping[str, float]:
    """Return what a simulated run took, which goes by a file's costs."""
    return run("simulation", costs).of


def calibrate(
    real: Mapping[str, float],
    folder: Path,
    rounds: int = ROUNDS,
    simulate: Callable[[Path], Mapping[str, float]] = simulate,
) -> tuple[dict[str, float], frozenset[str]]:
    """Return all costs, in seconds, and the names of those that were found; the others are those that ship.

    Found are those that are read off a real run, and those that simulated runs corrected.
    """
    found = {name: parse_duration(text).total_seconds() for name, text in shipped_values().items()}
    told = {name for name in READ_OFF if real[name] > 0}
    found |= {name: real[name] for name in told}
    file = folder / "costs.toml"

    def simulated(costs: Mapping[str, float]) -> Mapping[str, float]:
        file.write_text(text(costs, {}, ""), encoding="utf-8")
        return simulate(file)

    asked = [name for name in CORRECTED if real[name] > 0]  # less is the noise of a busy machine
    for _ in range(rounds):
        here, before = simulated(found), dict(found)
        for name in asked:
            more = {**before, name: before[name] * 1.2 + 1e-5}
            grows = (simulated(more)[name] - here[name]) / (more[name] - before[name])
            if grows > 0.1:  # else the scenario tells nothing of it
                found[name] = max(before[name] + (real[name] - here[name]) / grows, 0.0)
                told.add(name)
    return found, frozenset(told)


def text(costs: Mapping[str, float], measured: Mapping[str, float], on: str, told: Collection[str] = NAMES) -> str:
    """Return the file, of those costs that were `told`.

    `measured` has what real brokers took, and `on` says of what machine, and when.
    """
    lines = [f"# {on}"] if on else []
    for name in NAMES:
        if measured.get(name, 1.0) <= 0:
            lines += ["", f"# {name}: the machine was too busy to tell; what ships counts"]
            continue
        if name not in told:
            lines += ["", f"# {name}: simulated runs take as long whatever it is; what ships counts"]
            continue
        lines += ["", f"[{name}]", f'value = "{costs[name] * 1e6:.0f}us"']
        if name in measured:
            how = {**READ_OFF, **CORRECTED}[name]
            corrected = ", and a simulated run takes as long with this value" if name in CORRECTED else ""
            lines.append(f'how = "{how}: {measured[name] * 1000:.1f} ms{corrected}"')
    return "\n".join(lines).lstrip("\n") + "\n"


def main() -> int:
    """Measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=Path("costs.toml"), help="costs.toml when left out")
    file = parser.parse_args().file
    if file.exists() or file.is_symlink():
        parser.error(f"{file} is there, and is left alone: name another file")
    its = machine()
    on = f"measured {its['when']}, {its['cores']} cores, {its['load_now']} of them busy, kernel {its['kernel']}"
    try:
        real = run("emulation")
        if not real.passed:
            print("real brokers did not keep what the scenario expects: nothing is concluded from this run")
            return 1
        with tempfile.TemporaryDirectory() as folder:
            found, told = calibrate(real.of, Path(folder))
        write_new(file, text(found, real.of, on, told).encode())
    except LabError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    shipped = {name: parse_duration(its).total_seconds() for name, its in shipped_values().items()}
    print(f"{'':<12}{'measured':>12}{'cost':>12}{'as shipped':>12}   ms")
    for name in NAMES:
        print(f"{name:<12}{real.of[name] * 1000:>12.3f}{found[name] * 1000:>12.3f}{shipped[name] * 1000:>12.3f}")
    if its["load_now"] > BUSY:
        print(f"it began on a busy machine ({its['load_now']:.1f} cores taken): not to be relied on")
    print(f"written to {file}: {COSTS.name}={file} mqlab run SCENARIO --runtime simulation goes by it")
    return 0


if __name__ == "__main__":
    with ended_by_signals():
        sys.exit(main())
