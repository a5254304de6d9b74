"""`python -m tests.routing [SEED...]`: let real brokers answer in networks of these seeds, or of all that are kept.

What they did is kept in results.json beside this file; networks that are there are not asked again unless the generator
makes others of their seeds, so that a run may be stopped and gone on with. `--again` forgets them. The table in
README.md is written anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.routing.kept import EXPLAINED, Kept, compared, keep, kept, write_page
from tests.routing.proof import answers, digest, write

NETWORKS = range(1, 25)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.routing")
    parser.add_argument("seeds", nargs="*", type=int, metavar="SEED")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    results = {} if options.again else kept()
    for seed in options.seeds or sorted(kept()) or NETWORKS:
        if not (seed in results and results[seed].network == _network(seed)):
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                network, answered, stayed = answers(Path(folder), seed)
            print(f"network {seed}: answered in {time.monotonic() - began:.0f} s")
            results[seed] = Kept(network=network, answers=answered, stayed=stayed)
            keep(results)
        its = compared(seed, results[seed])
        print(f"network {seed}: {sum(each.agrees for each in its)} of {len(its)} routes as the table says")
        for each in its:
            if not each.agrees:
                print(f"  {each}")
    write_page(results)
    unexplained = [
        each
        for seed, its in results.items()
        for each in compared(seed, its)
        if not each.agrees and each.name not in EXPLAINED
    ]
    return int(bool(unexplained))


def _network(seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), seed)
        return digest(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
