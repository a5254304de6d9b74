"""A scenario's expectations are judged in a lab that is not of the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.check.scenarios import applications, expectations, read
from lab.errors import InputError

FILE = """
scenario: orders are billed
topology: {}
steps: []
clients:
  billing: {{client-id: "billing-*", broker: singapore}}
expect:
  - delivered: {{to: billing, queue: orders, promise: exactly-once, within: 2s}}
"""


def test_applications_need_no_steps_and_the_lab_that_is_judged_decides_what_is_observed(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(FILE.format(shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"))
    assert [each.kind for each in expectations(str(path), {})] == ["delivered"]
    assert applications(str(path), {})["billing"].client_id == "billing-*"
    with pytest.raises(InputError, match="the brokers do not observe queue://orders"):
        read(str(path), {})
