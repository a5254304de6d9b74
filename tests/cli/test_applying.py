"""`--apply immediately` reboots for what is pending, and for nothing else."""

from __future__ import annotations

import pytest

from lab.amazonmq.account.maintenance import window
from lab.cli import broker as brokers
from lab.declare.steps.reboot import Reboot
from tests.living.live_lab import LiveLab


def test_a_window_alone_is_nothing_to_reboot_for(capsys: pytest.CaptureFixture[str]) -> None:
    lab = LiveLab()
    lab.live.update_broker("tokyo", window=window("sunday", "03:00", "Asia/Tokyo"))
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=False)
    assert lab.rebooted == []
    assert "nothing is pending for tokyo, so it is not rebooted" in capsys.readouterr().err


def test_what_is_pending_is_applied(capsys: pytest.CaptureFixture[str]) -> None:
    lab = LiveLab()
    lab.live.update_broker("tokyo", revision=1)
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=True)
    assert lab.rebooted == ["tokyo"]
    assert lab.control.account.broker("tokyo").current.revision == 1
    assert capsys.readouterr().err == ""
