"""A router's moments, as seconds of the lab's clock."""

from __future__ import annotations

from lab.emulation.network.router import moment
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
