"""What real brokers answered, kept in results.json, and the table of README.md that is made of it."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from lab.declare.loading import load
from lab.plan.arrival import Arrival
from tests.routing.proof import Compared, compare, write

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parent / "README.md"
# Disagreements, by network, pair and destination, each with its explanation.
EXPLAINED: Mapping[str, str] = {}
_HEAD = ("network", "brokers", "ActiveMQ", "routes", "always", "sometimes", "never", "as the table says", "otherwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the brokers of one network answered."""

    network: str  # digest of its files
    answers: Mapping[str, str]  # by destination: 5 in 5, messages and copies
    stayed: Sequence[str] = ()  # ends of bridges that stayed up although they were to be lost


def kept() -> dict[int, Kept]:
    """Return the networks that are kept, by their seeds."""
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return {int(seed): Kept(**its) for seed, its in found.items()}


def keep(results: Mapping[int, Kept]) -> None:
    """Write what is kept."""
    written = {str(seed): asdict(results[seed]) for seed in sorted(results)}
    for its in written.values():
        if not its["stayed"]:
            del its["stayed"]
    RESULTS.write_text(json.dumps(written, indent=1) + "\n")


@cache
def _compared(
    seed: int, network: str, answers: tuple[tuple[str, str], ...], stayed: tuple[str, ...]
) -> tuple[tuple[Compared, ...], str]:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), seed)
        brokers = load(path, environment={}).topology.brokers
        engine = next(iter(brokers.values())).engine_version
        return compare(Path(folder), dict(answers), seed=seed, stayed=stayed), f"{len(brokers)} {engine}"


def compared(seed: int, its: Kept) -> tuple[Compared, ...]:
    """Return each route of a kept network as the rules have it now, beside what real brokers did."""
    return _compared(seed, its.network, tuple(its.answers.items()), tuple(its.stayed))[0]


def page_table(results: Mapping[int, Kept]) -> str:
    """Return the table of networks, and its sum."""
    rows: list[tuple[str, ...]] = []
    total: Counter[str] = Counter()
    for seed in sorted(results):
        found, (brokers, engine) = compared(seed, results[seed]), _network(seed, results[seed])
        counts = Counter(str(each.route.arrival) for each in found)
        counts["routes"], counts["agree"] = len(found), sum(each.agrees for each in found)
        counts["otherwise"] = counts["routes"] - counts["agree"]
        total += counts
        rows.append((str(seed), brokers, engine, *_figures(counts)))
    rows.append(("all", "", "", *_figures(total)))
    lines = [_HEAD, ("---",) * len(_HEAD), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _network(seed: int, its: Kept) -> tuple[str, str]:
    brokers, _, engine = _compared(seed, its.network, tuple(its.answers.items()), tuple(its.stayed))[1].partition(" ")
    return brokers, engine


def _figures(counts: Mapping[str, int]) -> tuple[str, ...]:
    names = ("routes", Arrival.ALWAYS, Arrival.SOMETIMES, Arrival.NEVER, "agree", "otherwise")
    return tuple(str(counts[name]) for name in names)


def written_table() -> str:
    """Return the table that the page has."""
    found = re.search(rf"^\| {_HEAD[0]} \|.*\n(?:\|.*\n)+", PAGE.read_text(), re.M)
    return found[0] if found else ""


def write_page(results: Mapping[int, Kept]) -> None:
    """Write the page's table anew."""
    PAGE.write_text(PAGE.read_text().replace(written_table(), page_table(results)))
