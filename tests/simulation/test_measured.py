"""One scenario on what brokers do by themselves, run once by real ones: the simulation counts what they counted.

measured/counters.txt has every destination at every snapshot, as ActiveMQ 5.18.3 counted on 2026-11-26.
"""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.history import Counted, read

MEASURED = Path(__file__).parent / "measured"


def test_every_counter_of_every_destination_is_as_real_brokers_had_it(tmp_path: Path) -> None:
    ran = labs.run(MEASURED / "rules.yaml", runtime="simulation", runs=tmp_path, environment={})
    counted = [each for each in read(ran.folder.history).observations if isinstance(each, Counted)]
    found = [
        f"{each.snapshot} {each.broker} {each.name} { ({name: n for name, n in sorted(each.counters.items()) if n}) }"
        for each in counted
        if each.of == "destination"
    ]
    assert sorted(found) == (MEASURED / "counters.txt").read_text("utf-8").splitlines()
