"""Whole scenarios that are shipped nowhere, predicted first: `python -m bench.predict_runs predict|measure|page`.

`predict` simulates each scenario of bench/predicted/ at twenty seeds, and writes verdicts, counts and times to
build/bench/predicted.json, and that file's digest to build/bench/predicted.sha256; it takes back nothing. `measure`
runs each on real brokers, and keeps the figures in build/bench/predicted-measured.json; `page` writes the tables of
bench/contract.md. With `--set second` scenarios are those of bench/predicted/second/, and files are
build/bench/predicted-second.json, build/bench/predicted-second.sha256 and
build/bench/predicted-second-measured.json.

A count agrees if it is that of every seed, or lies between the least and the most of them; a time if it is within 10 %
of their median, or between the least and the most. A step whose name begins with `warm` warms the brokers up: its times
are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from msgspec import structs

from bench.contract.contract import this_machine
from bench.contract.figures import figures
from lab import labs
from lab.base.interrupts import ended_by_signals
from lab.operating.runtimes import SIMULATION, USUAL

PAGE = Path(__file__).parents[1] / "bench" / "contract.md"
BEGIN, END = "<!-- python -m bench.predict_runs page writes what follows -->", "<!-- end of the predicted scenarios -->"
SEEDS, WITHIN = 20, 0.10
AT_ONCE = 0.1  # seconds: bridges that are up by then were up when the steps began
OPENING = ("heal", "flap", "start", "reboot", "resume", "authorize-ingress")  # steps after which messages come again
KINDS = ("verdicts", "counts", "times")
Figure = Mapping[str, Any]


class PredictedSet(NamedTuple):
    """Scenarios that were predicted together: their folder, and the name of their files under build/bench/."""

    scenarios: Path
    stem: str
    as_predicted: Mapping[str, str]  # the words of a prediction that is older than today's
    heading: str

    @property
    def predicted(self) -> Path:
        """Return the file of the prediction."""
        return RESULTS / f"{self.stem}.json"

    @property
    def digest(self) -> Path:
        """Return the file of the prediction's digest."""
        return RESULTS / f"{self.stem}.sha256"

    @property
    def measured(self) -> Path:
        """Return the file of what real brokers did."""
        return RESULTS / f"{self.stem}-measured.json"


RESULTS = Path(__file__).parents[1] / "build" / "bench"
FOLDER = Path(__file__).parent / "predicted"
SETS = {
    "first": PredictedSet(FOLDER, "predicted", {"passed": "held", "failed": "broken"}, ""),
    "second": PredictedSet(FOLDER / "second", "predicted-second", {}, "#### The second set: twenty-two more"),
}


def run(scenario: Path, runtime: str, seed: int, runs: Path | None = None) -> dict[str, Any]:
    """Return verdicts, counts and times of one run; times in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        ran = labs.run(scenario, seed=seed, runs=runs or Path(folder), runtime=runtime)
        history = [json.loads(line) for line in ran.folder.history.read_text("utf-8").splitlines()]
    compared = figures(ran.judged)
    return {
        "verdicts": dict(compared.verdicts),
        "counts": dict(compared.counts),
        "times": times(history[1:]),
        "beyond": any(line["kind"] == "uncalibrated" for line in history[1:]),
    }


def times(lines: Iterable[Figure]) -> dict[str, float]:
    """Return the times of a history: of each step's messages to each client, and of what comes after a step that opens.

    Messages count from the first of their step, or from the last step before them that lets them come: a subscription's
    beginning, the end of a heal or a start.
    """
    names, verbs, begun, ended = dict[int, str](), dict[int, str](), dict[int, float](), dict[int, float]()
    sent = dict[int, list[float]]()
    came = dict[tuple[int, str], list[float]]()
    bridges, up = list[tuple[float, str]](), set[tuple[str, str]]()
    for line in sorted(lines, key=lambda line: float(line.get("t", 0))):
        kind, t = line["kind"], line.get("t", 0)
        if kind == "step":
            names[line["step"]] = line.get("name") or f"step {line['step']}"
            verbs[line["step"]], begun[line["step"]] = line["verb"], t
        elif kind == "step-ended":
            ended[line["step"]] = t
        elif kind == "sent":
            sent.setdefault(int(line["id"].partition("-")[0]), []).append(t)
        elif kind == "received" and line.get("id"):
            came.setdefault((int(line["id"].partition("-")[0]), line["client"]), []).append(t)
        elif kind == "bridge":
            name = f"{line['connector']} up at {line['broker']}"
            end = name, line["remote_address"]  # a new connection may be there before the old one has gone
            if line["up"] and end not in up and t >= AT_ONCE:
                bridges.append((t, name))
            (up.add if line["up"] else up.discard)(end)
    found = dict[str, float]()
    opened = sorted((ended[step], step) for step, verb in verbs.items() if verb in OPENING and step in ended)
    subscribed = sorted((t, step) for step, t in begun.items() if verbs[step] == "subscribe")
    for (step, client), at in sorted(came.items()):
        if names.get(step, "").startswith("warm") or step not in sent:
            continue
        base = max([sent[step][0], *(t for t, _ in (*opened, *subscribed) if t <= at[0])])
        found[f"{names[step]} to {client}: first"] = at[0] - base
        if len(at) > 1:
            found[f"{names[step]} to {client}: last"] = at[-1] - base
    for place, (t, step) in enumerate(opened):
        until = opened[place + 1][0] if place + 1 < len(opened) else float("inf")
        for name, moments in (
            *((f"first to {client}", at) for client, at in by_client(came)),
            *((name, [when for when, each in bridges if each == name]) for name in {name for _, name in bridges}),
        ):
            after = [when for when in moments if t < when < until]
            if after:
                found[f"{name} after {verbs[step]}"] = min(after) - t
    return {name: round(took, 4) for name, took in sorted(found.items())}


def by_client(came: Mapping[tuple[int, str], Sequence[float]]) -> Iterator[tuple[str, list[float]]]:
    """Yield all moments at which a client received."""
    for client in sorted({client for _, client in came}):
        yield client, [t for (_, name), at in came.items() if name == client for t in at]


def predict(chosen: PredictedSet) -> None:
    """Write what models say, and the digest."""
    scenarios = sorted(chosen.scenarios.glob("*.yaml"))
    with ProcessPoolExecutor(2) as pool:
        asked = [
            [pool.submit(run, scenario, SIMULATION, seed) for seed in range(1, SEEDS + 1)] for scenario in scenarios
        ]
        rows = {
            scenario.stem: joined([run.result() for run in runs])
            for scenario, runs in zip(scenarios, asked, strict=True)
        }
    file = chosen.predicted
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    chosen.digest.write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n", encoding="utf-8")


def joined(runs: Sequence[Figure]) -> dict[str, Any]:
    """Return the predictions of one scenario: each verdict with its number of seeds, counts and times as ranges."""
    verdicts = dict[str, dict[str, int]]()
    for one in runs:
        for name, verdict in one["verdicts"].items():
            by = verdicts.setdefault(name, {})
            by[verdict] = by.get(verdict, 0) + 1
    counts = {name: [one["counts"].get(name, 0) for one in runs] for name in names_of(runs, "counts")}
    took = {name: [one["times"][name] for one in runs if name in one["times"]] for name in names_of(runs, "times")}
    return {
        "seeds": len(runs),
        "beyond": sum(one["beyond"] for one in runs),
        "verdicts": verdicts,
        "counts": {name: [min(of), max(of)] for name, of in counts.items()},
        "times": {name: [min(of), round(median(of), 4), max(of)] for name, of in took.items() if len(of) == len(runs)},
    }


def names_of(runs: Sequence[Figure], key: str) -> list[str]:
    """Return the names of all figures of some runs."""
    return sorted({name for one in runs for name in one[key]})


def measure(chosen: PredictedSet, runs: Path, times_each: int, names: Sequence[str]) -> None:
    """Run what real brokers have run less often than that, and keep each run as it ends."""
    predicted = json.loads(chosen.predicted.read_text("utf-8"))
    found = json.loads(chosen.measured.read_text("utf-8")) if chosen.measured.exists() else {}
    for name in names or predicted:
        if len(found.get(name, [])) < times_each:
            machine = structs.asdict(this_machine())
            made = {**run(chosen.scenarios / f"{name}.yaml", USUAL, 1, runs), "machine": machine}
            found.setdefault(name, []).append(made)
            chosen.measured.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(name, *differences(predicted[name], made, chosen.as_predicted), sep="\n  ", flush=True)


def differences(predicted: Figure, measured: Figure, as_predicted: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each figure that is otherwise, as text."""
    for kind in KINDS:
        for name, agrees, expected, real in compared(kind, predicted, measured, as_predicted):
            if not agrees:
                yield f"{kind}: {name}: predicted {expected}, measured {real}"


def compared(
    kind: str, predicted: Figure, measured: Figure, as_predicted: Mapping[str, str]
) -> Iterator[tuple[str, bool, Any, Any]]:
    """Yield each figure of a kind: its name, whether it agrees, what was predicted and what was measured."""
    here, there = predicted[kind], measured[kind]
    for name in [*here, *(name for name in there if name not in here and kind == "counts")]:
        if kind == "verdicts":
            real = as_predicted.get(there[name], there[name])
            yield name, real in here[name], here[name], real
        elif kind == "counts":
            least, most = here.get(name, (0, 0))
            yield name, least <= there.get(name, 0) <= most, (least, most), there.get(name, 0)
        else:
            least, middle, most = here[name]
            real = there.get(name)
            near = real is not None and (least <= real <= most or abs(real - middle) <= WITHIN * real)
            yield name, near, (least, middle, most), real


def table(chosen: PredictedSet) -> str:
    """Return the table of a set, and how much of each run agrees."""
    predicted, measured = (json.loads(file.read_text("utf-8")) for file in (chosen.predicted, chosen.measured))
    lines = ["| scenario | run | load before | verdicts | counts | times | other verdicts and counts |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    sums: dict[int, dict[str, list[int]]] = {}
    for name, expected in predicted.items():
        for number, real in enumerate(measured.get(name, []), 1):
            total = sums.setdefault(number, {kind: [0, 0] for kind in KINDS})
            cells, other = list[str](), list[str]()
            for kind in KINDS:
                rows = list(compared(kind, expected, real, chosen.as_predicted))
                good = sum(agrees for _, agrees, _, _ in rows)
                total[kind][0], total[kind][1] = total[kind][0] + good, total[kind][1] + len(rows)
                cells.append(f"{good} of {len(rows)}")
                other += [
                    f"`{figure}`: predicted {_shown(said)}, real {came}"
                    for figure, agrees, said, came in rows
                    if not agrees and kind != "times"
                ]
            shown = [name, str(number), f"{real['machine']['load']:.0f}", *cells, "; ".join(other).replace("|", "\\|")]
            lines.append(f"| {' | '.join(shown)} |")
    said = [
        f"Run {number}: " + ", ".join(f"{good} of {of} {kind}" for kind, (good, of) in total.items()) + " as predicted."
        for number, total in sums.items()
    ]
    return "\n".join([*([chosen.heading, ""] if chosen.heading else []), *lines, "", *said])


def _shown(said: Any) -> str:
    if isinstance(said, dict):
        return " or ".join(said)
    return f"{said[0]} to {said[-1]}" if said[0] != said[-1] else str(said[0])


def main() -> int:
    """Do what was asked; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["predict", "measure", "page"])
    parser.add_argument("--set", choices=SETS, default="first", dest="chosen", help="the scenarios predicted together")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where real runs are kept")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="real runs of each")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the scenarios to measure, instead of all")
    asked = parser.parse_args()
    chosen = SETS[asked.chosen]
    if asked.what == "predict":
        if chosen.predicted.exists():
            parser.error(f"{chosen.predicted.name} is there: what was predicted stays")
        predict(chosen)
        return 0
    if asked.what == "measure":
        measure(chosen, asked.runs, asked.times, asked.names)
        return 0
    tables = "\n\n".join(table(each) for each in SETS.values() if each.measured.exists())
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    with ended_by_signals():
        sys.exit(main())
