"""`--apply immediately` reboots for what is pending, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.amazonmq.account.maintenance import window
from lab.cli import broker as brokers
from lab.declare.steps.service import Reboot
from tests.command import Commands
from tests.living.live_lab import LiveLab

TEXT = '<broker xmlns="http://activemq.apache.org/schema/core"><destinations/></broker>'


def test_a_window_alone_is_nothing_to_reboot_for(capsys: pytest.CaptureFixture[str]) -> None:
    lab = LiveLab()
    lab.live.update_broker("tokyo", window=window("sunday", "03:00", "Asia/Tokyo"))
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=False)
    assert lab.rebooted == []
    assert "no change is pending for tokyo, so the broker is not rebooted" in capsys.readouterr().err


def test_what_is_pending_is_applied(capsys: pytest.CaptureFixture[str]) -> None:
    lab = LiveLab()
    lab.live.update_broker("tokyo", revision=1)
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=True)
    assert lab.rebooted == ["tokyo"]
    assert lab.control.account.broker("tokyo").current.revision == 1
    assert capsys.readouterr().err == ""


def test_the_newest_revision_is_applied_where_nothing_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lab = LiveLab()
    lab.live.update_broker("tokyo", revision=1)
    lab.live.update_configuration("tokyo-configuration", TEXT)
    newest = len(lab.control.account.configuration("tokyo-configuration").revisions)
    assert newest > 2
    lab.live.do(brokers._newest(lab.control.account, "tokyo"))
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=True)
    assert lab.control.account.broker("tokyo").current.revision == newest
    lab.live.do(brokers._newest(lab.control.account, "tokyo"))
    brokers._apply(lab.live, Reboot(broker="tokyo"), quiet=False)
    assert lab.rebooted == ["tokyo"]
    assert "no change is pending" in capsys.readouterr().err


def test_to_update_nothing_is_refused_unless_it_is_to_be_applied(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    assert "no change is given" in mqlab.inside("broker", "update", "tokyo").err
    assert "no lab is running" in mqlab.inside("broker", "update", "tokyo", "--apply", "immediately").err
