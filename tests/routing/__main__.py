"""`python -m tests.routing [SEED...]`: compare the routing table with real brokers, in networks of these seeds.

Each network's answer is kept in results.json beside this file, with the releases and every disagreement; those that
are there are not asked again, so that a run may be stopped and gone on with. `--again` forgets them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lab.plan.arrival import Arrival
from tests.routing.proof import Compared, compare

RESULTS = Path(__file__).parent / "results.json"
NETWORKS = range(1, 25)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.routing")
    parser.add_argument("seeds", nargs="*", type=int, default=list(NETWORKS), metavar="SEED")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() and not options.again else {}
    for seed in options.seeds:
        if str(seed) in kept:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = compare(Path(folder), seed)
        kept[str(seed)] = told(found)
        RESULTS.write_text(json.dumps(dict(sorted(kept.items(), key=lambda each: int(each[0]))), indent=1) + "\n")
        print(f"network {seed}: {kept[str(seed)]['agree']} of {kept[str(seed)]['routes']} routes as the table says")
        for line in kept[str(seed)]["disagree"]:
            print(f"  {line}")
    routes, agree = (sum(each[key] for each in kept.values()) for key in ("routes", "agree"))
    print(f"{len(kept)} networks, {routes} routes, {agree} as the table says")
    return int(agree < routes)


def told(found: tuple[Compared, ...]) -> dict[str, object]:
    """Return what is kept of a network."""
    counts = Counter(each.route.arrival for each in found)
    return {
        "routes": len(found),
        "agree": sum(each.agrees for each in found),
        **{arrival.value: counts[arrival] for arrival in Arrival if counts[arrival]},
        "disagree": [str(each) for each in found if not each.agrees],
    }


if __name__ == "__main__":
    sys.exit(main())
