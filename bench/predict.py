"""Settings that no shipped scenario has, predicted first: `python -m bench.predict predict|measure|now|page`.

They come in rounds of ten, each predicted by models that know what the rounds before it taught. `predict` writes what
models say to build/bench/predictions.json, and takes back nothing that is there; `measure` writes beside it what real
brokers did, a run at a time, so that an interrupted one goes on; `now` what models say by now, which predicts nothing;
`page` writes the tables of bench/contract.md. Runs with another congestion control of TCP than models have stand apart.
Of a burst the throughput after its warm-up is predicted, of paced traffic the p50.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import structs

from bench.contract.contract import SEEDS_OF_CHANCE, Measure, runner, this_machine
from bench.contract.figures import Stream, figures
from lab.base.interrupts import ended_by_signals
from lab.operating.runtimes import SIMULATION, USUAL
from lab.runtime.congestion import is_modelled
from lab.runtime.progress import Logged

SCENARIO = Path(__file__).parent / "setting.yaml"
RESULT = Path(__file__).parents[1] / "build" / "bench" / "predictions.json"
PAGE = Path(__file__).parents[1] / "bench" / "contract.md"
BEGIN, END = "<!-- python -m bench.predict page writes what follows -->", "<!-- end of the predictions -->"
SEEDS, RUNS = 5, 3  # simulated, where nothing is lost; emulated
WITHIN = 0.10
APART = "measured_with_"  # and the congestion control's name: the key of what stands apart
MEASURED = "step 4 to warehouse"  # the stream
_CONNECTOR = "connectors.connector_tokyo_to_singapore"
_URI = (
    "static:(ssl://b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com:61617?socketBufferSize={})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting; of what is left out the link has nothing, and ActiveMQ its default."""

    delay: str  # one way
    prefetch: int
    size: str
    count: int
    pace: str = ""  # messages; a burst if empty
    buffer: int | None = None  # bytes: socketBufferSize of the connector
    loss: str = ""
    rate: str = ""  # of the link

    @property
    def figure(self) -> str:
        """Return which figure of the stream is predicted."""
        return "p50" if self.pace else "per_s"

    @property
    def name(self) -> str:
        """Return the setting in words."""
        messages = (
            f"{self.count} of {self.size} at {self.pace}" if self.pace else f"a burst of {self.count} of {self.size}"
        )
        more = [f"socketBufferSize {self.buffer}"] * (self.buffer is not None)
        more += [f"loss {self.loss}"] * bool(self.loss) + [f"rate {self.rate}"] * bool(self.rate)
        return ", ".join([f"delay {self.delay}", f"prefetchSize {self.prefetch}", *more, messages])

    def set(self) -> Mapping[str, str]:
        """Return the values by their KEYs, as `mqlab run --set` takes them."""
        found = {
            "links.tokyo-singapore.delay": self.delay,
            f"{_CONNECTOR}.prefetchSize": str(self.prefetch),
            "steps.4.count": str(self.count),
            "steps.4.size": self.size,
        }
        found |= {"steps.4.rate": self.pace} if self.pace else {}
        found |= {f"{_CONNECTOR}.uri": _URI.format(self.buffer)} if self.buffer else {}
        found |= {
            f"links.tokyo-singapore.{key}": value for key, value in (("loss", self.loss), ("rate", self.rate)) if value
        }
        return found


FIRST = (
    Setting(delay="50ms", prefetch=1, size="1KiB", count=150),
    Setting(delay="105ms", prefetch=25, size="1KiB", count=1000),
    Setting(delay="60ms", prefetch=100, size="4KiB", count=1000),
    Setting(delay="80ms", prefetch=1000, size="16KiB", count=300),
    Setting(delay="80ms", prefetch=1000, size="4KiB", count=400, buffer=16384),
    Setting(delay="40ms", prefetch=500, size="10KiB", count=500, buffer=131072),
    Setting(delay="20ms", prefetch=200, size="20KiB", count=250, rate="5mbit"),
    Setting(delay="60ms", prefetch=50, size="25KiB", count=120, pace="8/s", rate="2mbit"),
    Setting(delay="30ms", prefetch=100, size="2KiB", count=450, pace="30/s", loss="1%"),
    Setting(delay="90ms", prefetch=10, size="512B", count=600, pace="100/s"),
)
SECOND = (
    Setting(delay="15ms", prefetch=4, size="2KiB", count=400),
    Setting(delay="130ms", prefetch=60, size="512B", count=1200),
    Setting(delay="35ms", prefetch=1000, size="8KiB", count=600),
    Setting(delay="70ms", prefetch=400, size="3KiB", count=700, buffer=32768),
    Setting(delay="100ms", prefetch=1000, size="12KiB", count=400, buffer=262144),
    Setting(delay="45ms", prefetch=150, size="6KiB", count=400, rate="3mbit"),
    Setting(delay="25ms", prefetch=20, size="40KiB", count=150, pace="5/s", rate="4mbit"),
    Setting(delay="55ms", prefetch=200, size="1KiB", count=500, pace="40/s", loss="2%"),
    Setting(delay="120ms", prefetch=8, size="1KiB", count=400, pace="60/s"),
    Setting(delay="80ms", prefetch=300, size="2KiB", count=600, pace="80/s"),
)
THIRD = (
    Setting(delay="10ms", prefetch=2, size="1KiB", count=500),
    Setting(delay="75ms", prefetch=15, size="4KiB", count=500),
    Setting(delay="110ms", prefetch=1000, size="2KiB", count=1500),
    Setting(delay="50ms", prefetch=1000, size="32KiB", count=200),
    Setting(delay="95ms", prefetch=500, size="8KiB", count=300, buffer=49152),
    Setting(delay="30ms", prefetch=100, size="5KiB", count=500, buffer=24576),
    Setting(delay="85ms", prefetch=300, size="16KiB", count=250, rate="2mbit"),
    Setting(delay="40ms", prefetch=30, size="10KiB", count=300, pace="15/s", rate="1500kbit"),
    Setting(delay="70ms", prefetch=150, size="1KiB", count=600, pace="60/s", loss="0.5%"),
    Setting(delay="140ms", prefetch=12, size="2KiB", count=300, pace="50/s"),
)
FOURTH = (
    Setting(delay="65ms", prefetch=6, size="3KiB", count=300),
    Setting(delay="90ms", prefetch=700, size="6KiB", count=400),
    Setting(delay="20ms", prefetch=32, size="1KiB", count=1000),
    Setting(delay="120ms", prefetch=250, size="10KiB", count=300, buffer=98304),
    Setting(delay="55ms", prefetch=500, size="2KiB", count=800, buffer=40960),
    Setting(delay="30ms", prefetch=100, size="8KiB", count=300, rate="6mbit"),
    Setting(delay="75ms", prefetch=20, size="12KiB", count=150, pace="10/s", rate="3mbit"),
    Setting(delay="45ms", prefetch=300, size="1KiB", count=500, pace="50/s", loss="1%"),
    Setting(delay="100ms", prefetch=5, size="512B", count=400, pace="70/s"),
    Setting(delay="15ms", prefetch=1000, size="4KiB", count=600, pace="100/s"),
)
ROUNDS, HEADINGS = (
    (FIRST, SECOND, THIRD, FOURTH),
    (
        "The first ten",
        "Ten more",
        "And ten more, once the machine was calibrated",
        "Ten by models that store one message after the other",
    ),
)


def stream(setting: Setting, runtime: str, seed: int, runs: Path | None = None) -> Stream:
    """Return the measured stream of one run of a setting; raise SystemExit if a message of it did not arrive."""
    run = runner(str(SCENARIO), os.environ, Logged(), set=setting.set(), runs=runs)
    found = figures(run(runtime, seed), first=0)  # a hundred others have warmed the brokers up
    (its,) = (each for each in found.streams if each.name == MEASURED)
    if set(found.verdicts.values()) != {"passed"} or its.messages != setting.count:
        raise SystemExit(f"{setting.name}: not every message arrived: {dict(found.verdicts)}")
    return its


def predict(settings: Sequence[Setting]) -> dict[str, Any]:
    """Return what models say of each setting: the median of some seeds, and their least and most."""
    rows = []
    for setting in settings:
        found = simulated(setting)
        print(f"{setting.name}: {median(found):.5g} {setting.figure}", flush=True)
        rows.append(
            {
                "setting": setting.name,
                "figure": setting.figure,
                "predicted": round(median(found), 3),
                "predicted_from": min(found),
                "predicted_to": max(found),
                "seeds": len(found),
                "measured": [],
            }
        )
    return {"predicted_on": structs.asdict(this_machine()), "settings": rows}


def simulated(setting: Setting) -> list[float]:
    """Return what models say of a setting, at each of some seeds."""
    seeds = range(1, (SEEDS_OF_CHANCE if setting.loss else SEEDS) + 1)
    return [_figure(setting, stream(setting, SIMULATION, seed)) for seed in seeds]


def key(tcp: str) -> str:
    """Return under which key of a row a run is kept that was made with this congestion control."""
    return "measured" if is_modelled(tcp) else f"{APART}{tcp}"


def measure(
    found: dict[str, Any],
    settings: Sequence[Setting],
    at_most: int | None,
    runs: int,
    *,
    run: Callable[[Setting, str, int], Stream] = stream,
    machine: Measure = this_machine,
    keep: Callable[[], None],
) -> int:
    """Make those runs of real brokers that are missing, and keep each as it ends; return how many."""
    rows = {row["setting"]: row for row in found["settings"]}
    made = 0
    for seed, setting in ((seed, setting) for seed in range(1, runs + 1) for setting in settings):
        now, row = machine(), rows[setting.name]
        if seed in [each["seed"] for each in row.get(key(now.tcp), ())]:
            continue
        if made == at_most:
            break
        its = run(setting, USUAL, seed)
        kept = {"seed": seed, "is": _figure(setting, its), "p50": its.p50, "p99": its.p99, **structs.asdict(now)}
        row.setdefault(key(now.tcp), []).append(kept)
        made += 1
        keep()
        print(f"{setting.name}, seed {seed}: {kept['is']:.5g}, predicted {row['predicted']:.5g}", flush=True)
    return made


def tables(rounds: Iterable[dict[str, Any]]) -> str:
    """Return the tables of the page, one a round."""
    found = zip(HEADINGS, rounds, strict=False)
    return "\n\n".join(f"### {heading}\n\n{table(its)}" for heading, its in found)


def table(found: dict[str, Any]) -> str:
    """Return the table of a round, and how many predictions came true."""
    apart = sorted({key for row in found["settings"] for key in row if key.startswith(APART)})
    titles = ["setting", "figure", "predicted", "measured", "off", "runs", "load before"]
    again = any("now" in row for row in found["settings"])
    titles += ["models now", "off now"] * again
    titles += [key.replace("_", " ") for key in apart]
    lines = [f"| {' | '.join(titles)} |", f"| {' | '.join('---' for _ in titles)} |"]
    units = {"p50": "p50, ms", "per_s": "messages a second"}
    good = known = 0
    for row in found["settings"]:
        real = [each["is"] for each in row["measured"]]
        off = row["predicted"] / median(real) - 1 if real else None
        known += off is not None
        good += off is not None and abs(off) <= WITHIN
        shown = (
            f"{median(real):.4g}" + (f" ({min(real):.4g} to {max(real):.4g})" if len(real) > 1 else "") if real else "–"
        )
        missed = "" if off is None or abs(off) <= WITHIN else " **missed**"
        said = "–" if off is None else f"{off:+.1%}{missed}"
        loads = [each["load"] for each in row["measured"]]
        load = f"{min(loads):.0f} to {max(loads):.0f}" if loads else "–"
        others = [", ".join(f"{each['is']:.4g}" for each in row.get(key, ())) or "–" for key in apart]
        cells = [
            row["setting"],
            units[row["figure"]],
            f"{row['predicted']:.4g}",
            shown,
            said,
            str(len(real)),
            load,
            *_now(row, real) * again,
            *others,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", f"{good} of {known} measured settings are within {WITHIN:.0%} of what was predicted."]
    )


def _now(row: dict[str, Any], real: list[float]) -> list[str]:
    """Return what models say by now of a setting, and how far off that is."""
    if (now := row.get("now")) is None:
        return ["–", "–"]
    return [f"{now:.4g}", f"{now / median(real) - 1:+.1%}" if real else "–"]


def _figure(setting: Setting, its: Stream) -> float:
    found = getattr(its, setting.figure)
    if found is None:
        raise SystemExit(f"{setting.name}: all of it came at one moment")
    return float(found)


def _write(rounds: list[dict[str, Any]]) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    unfinished = RESULT.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(rounds, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(RESULT)


def main() -> int:
    """Do what was asked; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["predict", "measure", "now", "page"])
    parser.add_argument("--at-most", type=int, metavar="N", help="runs of real brokers in this call")
    parser.add_argument("--times", type=int, default=RUNS, metavar="N", help="of real brokers, of each setting")
    asked = parser.parse_args()
    rounds = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else []
    if asked.what == "predict":
        if len(rounds) == len(ROUNDS):
            parser.error(f"every round is in {RESULT.name}: what was predicted stays")
        _write([*rounds, *map(predict, ROUNDS[len(rounds) :])])
        return 0
    left = asked.at_most
    for settings, its in zip(ROUNDS, rounds, strict=False):
        if asked.what == "measure":
            made = measure(its, settings, left, asked.times, keep=lambda: _write(rounds))
            left = None if left is None else left - made
        elif asked.what == "now":
            for setting, row in zip(settings, its["settings"], strict=True):
                row["now"] = round(median(simulated(setting)), 3)
            _write(rounds)
    if asked.what == "page":
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{tables(rounds)}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(tables(rounds))
    return 0


if __name__ == "__main__":
    with ended_by_signals():
        sys.exit(main())
