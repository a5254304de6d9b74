"""What an open lab takes from a verb, and that its watches know of each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from lab.base.masking import Mask
from lab.emulation.lab import EmulatedLab
from lab.emulation.state import InstanceState, LabState
from lab.errors import HostError, InputError
from lab.history import BridgeSeen, MemoryRecorder
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.state_file import StateFile
from lab.runtime.status import UP
from tests.living.live_lab import LiveLab

SHIPPED, OWN = SecretStr("MQ-lab-2026-testuser"), SecretStr("of-nobody-else-7")


def kept(reached_at: str, password: SecretStr) -> list[SecretStr]:
    found: list[SecretStr] = []
    vaults = SimpleNamespace(keep=lambda broker, user, number, password: found.append(password))
    state = LabState(ca_file="", router="", networks={}, brokers={}, reached_at=reached_at)
    lab: Any = SimpleNamespace(state=state, _vaults=vaults)
    EmulatedLab.keep_password(lab, "tokyo", "testuser", 2, password)
    return found


def test_a_shipped_password_is_no_users_where_other_machines_may_try_it() -> None:
    assert kept("127.0.0.1", SHIPPED) == [SHIPPED]
    assert kept("docker.example", OWN) == [OWN]
    with pytest.raises(InputError, match="a password that ships with mqlab") as refused:
        kept("docker.example", SHIPPED)
    assert SHIPPED.get_secret_value() not in str(refused.value)


SAID = "DemandForwardingBridgeSupport | Network connection between vm://a#0 and ssl://b:61617 (b) has been established."


class Stopped(RealClock):
    """A clock that stands still, so that no look is due for the time alone."""

    t = 0.0

    def now(self) -> float:
        return self.t


def test_a_bridge_that_a_log_tells_of_is_seen_though_no_look_is_due() -> None:
    ends: list[BridgeSeen] = []
    clock, recorder = Stopped(), MemoryRecorder()

    def logs(*_: object, **__: object) -> Iterator[bytes]:
        clock.t = 0.1
        up = {"connector": "c", "broker": "a", "remote": "b", "remote_address": "1", "created_by_duplex": False}
        ends.append(BridgeSeen(t=0.1, up=True, **up))  # type: ignore[arg-type]
        yield f"2100-01-01T00:00:00.000000000Z 2100-01-01T00:00:00.000Z INFO  [main] {SAID}\n".encode()

    its = InstanceState(broker="a", name="a", number=1, container="a", address="", ports={}, management_port=1)
    with ThreadPoolExecutor() as pool:
        lab: Any = SimpleNamespace(
            state=SimpleNamespace(brokers={"a": None}, instances=(its,)),
            management=SimpleNamespace(ends=lambda _: tuple(ends), demands=lambda *_: (), pool=pool, observed=None),
            _power=SimpleNamespace(state=lambda _: UP, mark_answering=lambda _: None),
            router=SimpleNamespace(begin=lambda: None),
            clock=clock,
            mask=Mask,
            note=SimpleNamespace(plan=SimpleNamespace(brokers=())),
            _observed={},
            _actives=SimpleNamespace(find=lambda _: its, last=lambda _: its),
            _docker=SimpleNamespace(api=SimpleNamespace(logs=logs)),
        )
        EmulatedLab.watch(lab, recorder)
        assert clock.wait(lambda: any(isinstance(each, BridgeSeen) for each in recorder.observations), 30)
        EmulatedLab.unwatch(lab)


def noted(folder: Path) -> tuple[Any, StateFile]:
    note = LiveLab().note
    power = SimpleNamespace(apply_note=lambda _: None)
    vaults = SimpleNamespace(note_written=lambda: None)
    lab = SimpleNamespace(note=note, note_folder=folder, _power=power, _vaults=vaults, _find=lambda **_: None)
    lab.policies, lab._written = SimpleNamespace(network=None), None
    return lab, note


def test_a_note_that_cannot_be_written_is_not_taken_for_the_lab_s(tmp_path: Path) -> None:
    lab, note = noted(tmp_path)
    lab._noting = nullcontext()
    with pytest.raises(HostError, match="has ended meanwhile"):
        EmulatedLab._write(lab, note.with_fields(off={"tokyo": True}))
    assert lab.note is note


def test_a_monitor_reads_no_note_that_a_verb_is_replacing(tmp_path: Path) -> None:
    lab, note = noted(tmp_path)
    state_files.save(note, tmp_path)
    off: Mapping[str, bool] = {"tokyo": True}

    @contextmanager
    def after_the_verb() -> Iterator[None]:
        lab.note = note.with_fields(off=off)
        state_files.save(lab.note, tmp_path)
        yield

    lab._noting = after_the_verb()
    assert EmulatedLab.refresh(lab)
    assert lab.note.off == off


def test_a_note_is_read_again_only_if_it_was_written_again(tmp_path: Path) -> None:
    lab, note = noted(tmp_path)
    lab._noting = nullcontext()
    state_files.save(note, tmp_path)
    assert EmulatedLab.refresh(lab)
    file = tmp_path / f"{note.run}.json"
    written = file.stat().st_mtime_ns
    file.write_text("no note of a lab", "utf-8")
    os.utime(file, ns=(written, written))  # as if it was not written
    assert EmulatedLab.refresh(lab)
    changed = note.with_fields(reboot_time=7.0)
    state_files.save(changed, tmp_path)
    assert EmulatedLab.refresh(lab) and lab.note == changed
    state_files.forget(note.run, tmp_path)
    assert not EmulatedLab.refresh(lab)
