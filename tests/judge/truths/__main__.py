"""`python -m tests.judge.truths` compares the judge with many truths, and prints each wrong verdict."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

from tests.judge.truths import asking, drawing
from tests.judge.truths.comparing import compare, compared
from tests.judge.truths.scene import World
from tests.judge.truths.shrinking import smallest
from tests.judge.truths.telling import observations


def main() -> int:
    """Return 1 if any verdict is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.judge.truths", description=__doc__)
    parser.add_argument("--truths", type=int, default=1000, help="how many truths")
    parser.add_argument("--seed", type=int, default=1, help="the first one's seed")
    parser.add_argument("--expectations", type=int, default=9, help="of each truth, at most")
    parser.add_argument("--go-on", action="store_true", help="after a wrong verdict")
    parser.add_argument("--smallest", action="store_true", help="with --show: what a wrong verdict needs")
    parser.add_argument("--show", type=int, metavar="SEED", help="print the history of one truth, and its verdicts")
    asked = parser.parse_args()
    if asked.show is not None:
        return _show(asked.show, asked.expectations, smaller=asked.smallest)
    wrong, outcomes, open_, began = 0, Counter[str](), 0, time.process_time()
    for seed in range(asked.seed, asked.seed + asked.truths):
        for found in compare(seed, asked.expectations):
            outcomes[found.outcome] += 1
            open_ += len(found.word) > 1
            if not found.right:
                wrong += 1
                print(found)
        if wrong and not asked.go_on:
            break
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
    took = time.process_time() - began
    print(f"{asked.truths} truths, {told}; {open_} left open by a rule; {wrong} wrong; {took:.1f} s of CPU")
    return int(wrong > 0)


def _show(seed: int, number: int, *, smaller: bool) -> int:
    world = drawing.draw(seed)
    if not smaller:
        _tell(world)
    wrong = 0
    for expectation in asking.draw(world, Random(seed + 1), number):
        (found,) = compared(world, [expectation])
        wrong += not found.right
        if smaller and not found.right:
            its = drawing.draw(seed)
            found = smallest(its, expectation)
            _tell(its)
        if not smaller or not found.right:
            print("" if found.right else "WRONG ", found, sep="")
    return int(wrong > 0)


def _tell(world: World) -> None:
    for seen in observations(world):
        told = " ".join(f"{name}={value}" for name, value in seen.told().items() if value not in ("", False, None, 0))
        print(f"{seen.t:9.4f} {seen.kind:12} {told}")


if __name__ == "__main__":
    sys.exit(main())
