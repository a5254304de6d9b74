"""A router's moments, as seconds of the lab's clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab.emulation.network.router import group_of_router, moment, own_probes
from lab.runtime.clock import RealClock


def test_a_moment_of_the_same_kernel_is_the_routers_own() -> None:
    clock = RealClock()
    asked = clock.now()
    clock.sleep(0.001)
    stamp = round((clock.origin + asked + 0.0005) * 1e9)
    assert abs(moment(stamp, asked, clock) - asked - 0.0005) < 1e-6


def test_a_moment_of_another_kernel_is_now() -> None:
    clock = RealClock()
    asked = clock.now()
    for stamp in (0, round((clock.origin + 3600) * 1e9)):
        before = clock.now()
        assert asked <= before <= moment(stamp, asked, clock) <= clock.now()


def test_the_probes_of_a_routers_start_are_the_last_whole_line_of_its_log() -> None:
    begin = "router: link a-b: probed "
    whole = ['{"lost": 1}', '{"lost": 2}']
    log = "".join(f"{begin}{each}\n" for each in whole) + f'router: link a-bc: probed {{"lost": 3}}\n{begin}{{"lo'
    assert own_probes(log.encode(), "a-b") == {"lost": 2}
    assert own_probes(b"router ready\n", "a-b") is None


@pytest.mark.parametrize(("driver", "group"), [("cgroupfs", "/"), ("systemd", ""), ("none", "")])
def test_the_routers_group_is_beside_that_of_all_containers_where_the_engine_makes_groups(
    driver: str, group: str
) -> None:
    client: Any = SimpleNamespace(info=lambda: {"CgroupDriver": driver})
    assert group_of_router(client) == group
