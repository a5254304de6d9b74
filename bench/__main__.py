"""Everything there is to measure: `python -m bench [startup|link|replay ...]`; results go to bench/results/.

Figures are ratios against something measured in the same run, or bounds of the link; none of them is a test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import link, replay, startup
from bench.article import SCENARIO, Article
from lab.clients import Endpoint
from lab.runtime.emulation import engine

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Say what the figures were made on, without naming it."""
    facts = engine.facts(engine.connect(os.environ))
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "docker": facts.version,
    }


def measure_startup() -> dict[str, Any]:
    """Open labs and start bare pairs of brokers in turn."""
    return startup.measure(Article.ready(), pairs=5)


def measure_link() -> dict[str, Any]:
    """Measure the link's error and throughput in network namespaces; needs root."""
    return link.measure(quick=False)


def measure_replay() -> dict[str, Any]:
    """Replay against bare client loops on one broker of an open lab."""
    article = Article.ready()
    with tempfile.TemporaryDirectory() as folder, article.opened(Path(folder), startup.Stages()) as lab:
        broker = article.plan.brokers[0].name
        user = article.plan.brokers[0].users[0]
        endpoints = {
            protocol: Endpoint(
                host="localhost",
                port=lab.state.brokers[broker].ports[protocol],
                ca_file=Path(lab.state.ca_file),
                user=user,
                password=article.passwords[broker][user],
                client_id=f"bench-{protocol}",
            )
            for protocol in ("mqtt", "stomp")
        }
        return replay.measure(endpoints, count=3000, pairs=5)


BENCHES = {"startup": measure_startup, "link": measure_link, "replay": measure_replay}


def main() -> None:
    """Run the benches named, all without a name, and keep what they found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*", choices=[*BENCHES, []], metavar="|".join(BENCHES))
    asked = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for name in asked.benches or BENCHES:
        print(f"== {name} ({SCENARIO})", flush=True)
        before = machine()
        found = BENCHES[name]()
        text = json.dumps({"machine": before, **found}, indent=2)
        (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(text, flush=True)


if __name__ == "__main__":
    main()
