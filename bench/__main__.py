"""Everything there is to measure: `python -m bench [startup|failover|link|replay|observer|traffic|… ...] [--quick]`.

Figures are ratios against something measured in the same run, or bounds; none of them is a test, so the exit code is
0 whatever they are, and 1 only where something could not be measured. Results go to build/bench/, and a table with
the goals to the terminal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import (
    check,
    demo,
    eight,
    failover,
    goals,
    link,
    memory,
    observer,
    page,
    policy,
    publish,
    recordings,
    replay,
    simulation,
    startup,
    traffic,
    vary,
)
from bench.article import Article
from bench.machine import machine
from lab.runtime.client import Endpoint
from tests.router.namespaces import unfit

BUSY = 0.4  # cores that others keep busy
RESULTS = Path(__file__).parents[1] / "build" / "bench"


def measure_startup(quick: bool) -> dict[str, Any]:
    """Open labs and start bare pairs of brokers in turn."""
    return startup.measure(Article.ready(), pairs=2 if quick else 15)


def measure_eight(quick: bool) -> dict[str, Any]:
    """Open the article's lab alone, and eight of it at once; with `quick` two."""
    Article.ready()  # the images are there before any clock starts
    return eight.measure(labs=2 if quick else 8, pairs=1 if quick else 3)


def measure_failover(quick: bool) -> dict[str, Any]:
    """Kill the active instances of a lab's pair and of a bare one in turn."""
    return failover.measure(Article.ready("failover"), turns=4 if quick else 20)


def measure_policy(quick: bool) -> dict[str, Any]:
    """Change a security group of a lab again and again."""
    return policy.measure(Article.ready(), changes=20 if quick else 200)


def measure_link(quick: bool) -> dict[str, Any]:
    """Measure the link's error in network namespaces, which takes root, and its throughput as a lab has it."""
    if reason := unfit():
        return {"not_measured": reason}
    return link.measure(quick=quick)


@contextmanager
def endpoints_of_a_broker() -> Iterator[Mapping[str, Endpoint]]:
    """Open a lab of one broker that discards nothing, and return where it is reached, by protocol."""
    article = Article.ready(str(replay.BROKER))
    with tempfile.TemporaryDirectory() as folder, article.opened(Path(folder), startup.Stages()) as lab:
        broker = article.plan.brokers[0].name
        user = article.plan.brokers[0].users[0]
        yield {
            protocol: Endpoint(
                host="localhost",
                port=lab.state.brokers[broker].first.ports[protocol],
                ca_file=Path(lab.state.ca_file),
                user=user,
                password=article.passwords[broker][user],
                client_id=f"bench-{protocol}",
            )
            for protocol in ("mqtt", "stomp", "amqp")
        }


def measure_replay(quick: bool) -> dict[str, Any]:
    """Replay against bare client loops on the broker of an open lab."""
    with endpoints_of_a_broker() as endpoints:
        return replay.measure(endpoints, count=1000 if quick else 6000, pairs=3 if quick else 9)


def measure_observer(quick: bool) -> dict[str, Any]:
    """Run bare client loops at a broker with an observer, and at one without."""
    return observer.measure(count=1000 if quick else 6000, pairs=3 if quick else 9)


def measure_publish(quick: bool) -> dict[str, Any]:
    """Publish by the command against bare client loops, on the broker of an open lab."""
    Article.ready()  # the images are there
    return publish.measure(count=1000 if quick else 6000, pairs=3 if quick else 9)


def measure_traffic(quick: bool) -> dict[str, Any]:
    """Let traffic go on at parts of the bare rate, on the broker of an open lab."""
    with endpoints_of_a_broker() as endpoints:
        return traffic.measure(endpoints, count=1000 if quick else 3000, seconds=3 if quick else 10)


def measure_recordings(quick: bool) -> dict[str, Any]:
    """Record at the broker of an open lab, and replay a recording there at its own pace."""
    with endpoints_of_a_broker() as endpoints:
        return recordings.measure(endpoints, seconds=10 if quick else 600, count=5000 if quick else 50_000)


def measure_memory(quick: bool) -> dict[str, Any]:
    """Replay the article and weigh the lab."""
    return memory.measure(Article.ready())


def measure_demo(quick: bool) -> dict[str, Any]:
    """Time `make demo` when everything is there."""
    return demo.measure(runs=1 if quick else 3)


def measure_judge(quick: bool) -> dict[str, Any]:
    """Judge a long history, in a process of its own, whose memory is only the judge's."""
    command = [sys.executable, "-m", "bench.judge", "100000" if quick else "1000000"]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def measure_html(quick: bool) -> dict[str, Any]:
    """Make the page of a long history and open it, in a process of its own."""
    command = [sys.executable, "-m", "bench.html", "100000" if quick else "1000000"]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def measure_page(quick: bool) -> dict[str, Any]:
    """Serve the live page of a recorded lab to a browser."""
    return page.measure(10 if quick else 30)


def measure_simulation(quick: bool) -> dict[str, Any]:
    """Simulate messages over a bridge and over a hub of 100 regions."""
    return simulation.measure(quick)


def measure_check(quick: bool) -> dict[str, Any]:
    """Check the largest configuration there may be."""
    return check.measure(runs=3 if quick else 9)


def measure_vary(quick: bool) -> dict[str, Any]:
    """Vary a scenario with one process and with two."""
    return vary.measure(runs=20 if quick else 60, pairs=1 if quick else 5)


BENCHES: Mapping[str, Callable[[bool], dict[str, Any]]] = {
    "startup": measure_startup,
    "eight": measure_eight,
    "failover": measure_failover,
    "policy": measure_policy,
    "link": measure_link,
    "replay": measure_replay,
    "observer": measure_observer,
    "publish": measure_publish,
    "traffic": measure_traffic,
    "recordings": measure_recordings,
    "memory": measure_memory,
    "demo": measure_demo,
    "judge": measure_judge,
    "html": measure_html,
    "page": measure_page,
    "check": measure_check,
    "simulation": measure_simulation,
    "vary": measure_vary,
}


def main() -> int:
    """Run the benches named, or all, keep what they found, and say which goals hold; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*", choices=[*BENCHES, []], metavar="|".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, coarser figures; keeps no results")
    asked = parser.parse_args()
    lines: list[goals.Figure] = []
    busy: list[str] = []
    for name in asked.benches or BENCHES:
        before = machine()
        print(f"{name} ...", file=sys.stderr, flush=True)
        if before["load_now"] > BUSY:
            busy.append(f"{name} began on a busy machine ({before['load_now']:.1f} cores taken): not to be relied on")
        found = BENCHES[name](asked.quick)
        lines += goals.figures(name, found)
        if not asked.quick:
            RESULTS.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"machine": before, **found}, indent=2)
            (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print("\n".join([goals.table(lines), *busy]))
    return int(any(each.left_out for each in lines))


if __name__ == "__main__":
    sys.exit(main())
