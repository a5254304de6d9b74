"""Shipped scenarios, or files, on both runtimes: `python -m bench.contract [NAME|FILE ...] [--times 10] [--page]`.

Emulated runs are kept under tests/contract/kept/, a file each, so that another call makes only those that are
missing; they are made in rounds, each scenario's first run before any one's second. With --at-most it stops after so
many of them; with 0 it makes none, needs no Docker, and compares what is kept, whatever images it was made from. With
--page the tables in bench/contract.md are written anew. The exit code is 1 where something does not agree or a run
could not be made.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.contract import text
from bench.contract.contract import RUNS, Compared, Contract, images_of, named
from lab.base.interrupts import ended_by_signals
from lab.base.shipped import shipped
from lab.check.scenarios import PlannedScenario, load_named
from lab.errors import LabError
from lab.runtime.progress import Logged

KEPT = Path(__file__).parents[2] / "tests" / "contract" / "kept"
PAGE = Path(__file__).parents[2] / "bench" / "contract.md"
BEGIN, END = "<!-- python -m bench.contract --page writes what follows -->", "<!-- end of it -->"


def contracts(names: Sequence[str]) -> dict[str, tuple[PlannedScenario, Contract]]:
    """Return the shipped scenarios of these names, or all that must pass, with their contracts."""
    every = sorted(path.stem for path in shipped("scenarios").glob("*.yaml"))
    found = names or [each for each in every if not load_named(each, os.environ).origin.fails]
    return {name: named(name, KEPT, os.environ, Logged()) for name in found}


def emulate(found: dict[str, tuple[PlannedScenario, Contract]], runs: int, at_most: int | None) -> list[str]:
    """Make the emulated runs that are missing, in rounds; return which of them could not be made, and why."""
    images = {name: images_of(planned, os.environ, Logged()) for name, (planned, _) in found.items()}
    wanted = sorted(
        (seed, number, name)
        for number, (name, (_, contract)) in enumerate(found.items())
        for seed in contract.missing(runs, images[name])
    )
    failed = []
    for seed, _, name in wanted[:at_most]:
        contract = found[name][1]
        print(f"{name}, seed {seed} ...", file=sys.stderr, flush=True)
        try:
            contract.emulate(seed, images[name])
        except LabError as error:
            failed.append(f"{name}, seed {seed}: {error.what}")
        else:
            forget_others(contract)
    print(f"{len(wanted[:at_most]) - len(failed)} runs made, {len(wanted) - len(wanted[:at_most])} are missing yet")
    return failed


def forget_others(contract: Contract) -> None:
    """Remove what is kept of the scenario as it was before."""
    for path in (KEPT / contract.kept.name).glob("*.json"):
        if not path.name.startswith(contract.kept.digest):
            path.unlink()


def write_page(found: Iterable[Compared], page: Path = PAGE) -> None:
    """Write the tables between the page's two marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{tables(found)}\n\n{END}{after}", encoding="utf-8")


def tables(found: Iterable[Compared]) -> str:
    """Return what the page says of compared scenarios."""
    found = tuple(found)
    parts = ["\n".join(text.table(found))]
    for title, part in (("What does not agree", text.disagreements(found)), ("Not compared", text.left_out(found))):
        lines = list(part)
        parts.append(f"### {title}\n\n" + ("\n".join(lines) if len(lines) > 2 else "Nothing."))
    return "\n\n".join(parts)


def main() -> int:
    """Make what is missing, compare, and print it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios or files, instead of all shipped ones")
    parser.add_argument("--times", type=int, default=RUNS, metavar="N", help="emulated, of each scenario")
    parser.add_argument(
        "--at-most", type=int, metavar="N", help="emulated runs in this call; with 0 no Docker is needed"
    )
    parser.add_argument("--no-comparison", action="store_true", help="only make the runs")
    parser.add_argument("--page", action="store_true", help="write the tables of bench/contract.md")
    asked = parser.parse_args()
    found = contracts(asked.names)
    failed = [] if asked.at_most == 0 else emulate(found, asked.times, asked.at_most)
    compared = [] if asked.no_comparison else [contract.compared(contract.simulate()) for _, contract in found.values()]
    for each in compared:
        print("\n".join(text.lines(each)) + "\n")
    if asked.page:
        write_page(compared)
    print("\n".join((*failed, *(f"{each.name}: {text.summary(each)}" for each in compared))))
    return int(bool(failed) or not all(each.emulated and each.agrees for each in compared))


if __name__ == "__main__":
    with ended_by_signals():
        sys.exit(main())
