"""A verb that goes on without a turn has an owner; a turn ends those alone whose owner has died."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from lab import labs
from lab.amazonmq.account import brokers
from lab.declare.steps.service import Reboot
from lab.errors import InputError
from lab.living.beginning import begin
from lab.living.lab import Live
from lab.runtime.verb_owners import is_owned, owned, owned_steps

_HOLDS = """
import sys
from pathlib import Path
from lab.runtime.verb_owners import owned
with owned("r", "tokyo", Path(sys.argv[1])) as number:
    number(7)
    print("owned", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "runs", environment={}) as live:
        live.lab.note_folder = tmp_path / "state"  # type: ignore[misc]  # as of a lab that other processes reach
        yield live


def state(live: Live) -> str:
    return str(live.account.broker("tokyo").state)


def test_a_turn_leaves_a_verb_to_its_owner(live: Live) -> None:
    rest = begin(live, Reboot(broker="tokyo"), lambda: nullcontext(live))
    with live.turn():
        assert state(live) == "REBOOT_IN_PROGRESS"
    for refused in (live.kill, live.delete_broker):
        with pytest.raises(InputError, match="another verb on tokyo has not ended yet"):
            refused("tokyo")
    live.create_user("tokyo", "ledger", "over-the-ocean-1858")
    rest()
    assert state(live) == "RUNNING"
    live.kill("tokyo")


def test_a_turn_ends_a_verb_whose_owner_has_died(live: Live) -> None:
    control = live.lab.note.control
    live.lab.keep_control(replace(control, account=brokers.begin_reboot(control.account, "tokyo")))
    with live.turn():
        assert state(live) == "RUNNING"


def test_a_refused_beginning_leaves_no_owner(live: Live) -> None:
    rest = begin(live, Reboot(broker="tokyo"), lambda: nullcontext(live))
    with pytest.raises(InputError, match="has not ended yet"):
        begin(live, Reboot(broker="tokyo"), lambda: nullcontext(live))
    rest()
    assert not is_owned(live.run, "tokyo", live.lab.note_folder)


def test_an_owner_ends_with_its_process(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "owned\n"
    assert is_owned("r", "tokyo", tmp_path)
    assert owned_steps("r", tmp_path) == {7}
    with pytest.raises(InputError), owned("r", "tokyo", tmp_path):
        pass
    holder.kill()
    holder.communicate()
    assert not is_owned("r", "tokyo", tmp_path)
    assert owned_steps("r", tmp_path) == frozenset()
