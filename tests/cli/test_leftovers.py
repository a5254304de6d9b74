"""What an earlier command left over is done first; where that fails it is told, and the command goes on."""

from __future__ import annotations

import pytest

from lab.cli import options
from lab.errors import BrokerError, HostError
from lab.living.half_done import catch_up


class HalfDone:
    """A lab whose router is silent, and whose interrupted reboot cannot end well, while two windows have opened."""

    def __init__(self) -> None:
        self.rebooted: list[str] = []

    def agree(self) -> None:
        raise HostError("the router does not answer")

    def record_found(self) -> None:
        raise OSError("no space left on the device")

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        return (("reboot", "tokyo"),)

    def complete(self, broker: str) -> None:
        raise BrokerError(f"broker {broker} ended while starting")

    def due(self) -> tuple[str, ...]:
        return ("paris", "singapore")

    def reboot(self, broker: str) -> None:
        if broker == "paris":
            raise BrokerError("broker paris ended while starting")
        self.rebooted.append(broker)


def test_a_leftover_that_fails_keeps_nothing_else_from_being_done(capsys: pytest.CaptureFixture[str]) -> None:
    lab = HalfDone()
    catch_up(lab, options.progress(quiet=True))
    assert lab.rebooted == ["singapore"]
    told = capsys.readouterr().err
    assert "could not apply the recorded network to the router: the router does not answer" in told
    assert "could not record the brokers' current states: no space left on the device" in told
    assert "could not end the reboot of tokyo that was interrupted: broker tokyo ended while starting" in told
    assert "could not reboot paris, whose maintenance window has opened: broker paris ended while starting" in told
