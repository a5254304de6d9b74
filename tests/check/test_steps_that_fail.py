"""A step that is to fail is not refused for what AWS would not do, and what comes after it may find either state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.test_windows import problems

STOP = "connector: {broker: tokyo, name: connector_tokyo_to_singapore, do: stop}"
CREATE = "create-user: {broker: tokyo, user: bridge, password: MQ-lab-2019-bridge}"


@pytest.mark.parametrize(
    ("step", "refused"),
    [
        ("update-broker: {broker: tokyo, revision: 9}", "has no revision 9"),
        ("update-broker: {broker: tokyo, roll-back: yes}", ""),
        ("delete-user: {broker: tokyo, user: nobody}", "nobody"),
        ("accept-peering: {peering: nowhere}", "nowhere"),
        ("create-peering: {name: again, requester: tokyo, accepter: tokyo}", "tokyo"),
    ],
)
def test_what_the_service_would_refuse_may_be_the_story(tmp_path: Path, step: str, refused: str) -> None:
    found = problems(tmp_path, step)
    assert len(found) == 1 and refused in found[0]
    assert problems(tmp_path, f"{{fails: yes, {step}}}") == []


def test_what_was_refused_has_changed_nothing_for_what_comes_after_it(tmp_path: Path) -> None:
    assert problems(tmp_path, CREATE, CREATE) != []
    assert problems(tmp_path, CREATE, f"{{fails: yes, {CREATE}}}") == []
    assert problems(tmp_path, f"{{fails: yes, {CREATE}}}", CREATE) == []


KILL, PAUSE = "kill: {broker: tokyo}", "pause: {broker: tokyo}"


@pytest.mark.parametrize("again", [KILL, PAUSE, STOP])
def test_what_failed_may_be_done_once_more(tmp_path: Path, again: str) -> None:
    assert problems(tmp_path, again, again) != []
    assert problems(tmp_path, f"{{fails: yes, {again}}}", again) == []


def test_what_was_done_then_is_done(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{{fails: yes, {KILL}}}", KILL, KILL) != []


def test_a_link_that_could_not_be_healed_is_healed_once_more(tmp_path: Path) -> None:
    cut, heal = "cut: {link: tokyo-singapore}", "heal: {link: tokyo-singapore}"
    assert problems(tmp_path, cut, heal, heal) != []
    assert problems(tmp_path, cut, f"{{fails: yes, {heal}}}", heal) == []
