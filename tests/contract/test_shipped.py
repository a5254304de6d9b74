"""A few shipped scenarios, simulated, against what real brokers did with them: `make contract` kept their figures.

A scenario that was changed needs new runs: `python -m bench.contract NAME --times 3`, on a machine with Docker.
"""

from __future__ import annotations

import re

import pytest

from bench.contract import __main__ as bench
from bench.contract import text
from bench.contract.figures import from_json
from lab.base.shipped import shipped

FEW = ("tokyo-singapore", "mqtt-stomp-amqp")
FILES = sorted(bench.KEPT.glob("*/*.json"))


@pytest.mark.parametrize("name", FEW)
def test_the_simulation_keeps_to_what_real_brokers_did(name: str) -> None:
    ((_, its),) = bench.contracts([name]).values()
    found = its.compared(its.simulate())
    assert found.emulated, "the scenario is another one than was run"
    assert not [*text.disagreements([found])][2:]
    assert all(row.agrees is not False for row in found.rows)


def test_what_is_kept_has_no_path_and_no_secret_and_is_of_a_shipped_scenario() -> None:
    assert FILES
    for file in FILES:
        assert (shipped("scenarios") / f"{file.parent.name}.yaml").exists()
        written = file.read_text("utf-8")
        run = from_json(written)
        assert run.machine is not None
        assert file.name == f"{run.digest}-{run.seed}.json"
        assert not re.search(r"/(home|root|work|tmp|var)/|password[=:]", written)
