"""Steps on the network: what AWS refuses has not been done, and packets that do something else are told."""

from __future__ import annotations

from pathlib import Path

from lab.history import Attempted, Header, History, MemoryRecorder, PacketsDropped, PeeringChanged, StepEnded
from lab.judge import judge
from lab.replay import replay
from lab.runtime.lab import Attempt
from tests.replay.cases import opened
from tests.spoilt_lab import RUN, SpoiltLab

TOPOLOGY = Path(__file__).parents[2] / "scenarios" / "topologies" / "guarded.yaml"


class Lying(SpoiltLab):
    """Packets do not follow the rules of the network."""

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        return Attempt("open", 0.07)


def played(folder: Path, text: str, kind: type[SpoiltLab] = SpoiltLab) -> tuple[SpoiltLab, History]:
    path = folder / "scenario.yaml"
    path.write_text(f"scenario: network\ntopology: {TOPOLOGY}\n{text}")
    scenario, planned, lab = opened(path, kind)
    recorder = MemoryRecorder()
    replay(scenario, planned, lab, recorder, run=RUN)
    header = Header(
        run=RUN, scenario="network", seed=1, runtime="fake", started="", declared=scenario.declared(), mqlab="0"
    )
    return lab, History(header=header, observations=tuple(recorder.observations), complete=True)


def test_what_is_refused_while_it_runs_changes_nothing(tmp_path: Path) -> None:
    """Of two steps at once a check cannot know the order: one of them is refused."""
    text = "steps:\n  - delete-peering: {peering: tokyo-singapore}\n"
    text += "  - create-peering: {name: a, requester: tokyo, accepter: singapore}\n"
    text += "  - together:\n      - delete-peering: {peering: a}\n      - {at: 1s, accept-peering: {peering: a}}\n"
    lab, history = played(tmp_path, text)
    states = [each.state for each in history.observations if isinstance(each, PeeringChanged)]
    assert states == ["active", "deleted", "initiating-request", "pending-acceptance", "deleted"]
    assert lab.policies.network.peering("a").state == "deleted"
    *_, accept, together = (each for each in history.observations if isinstance(each, StepEnded))
    assert (accept.ok, together.ok) == (False, False)
    assert accept.note.startswith("InvalidStateTransition: ")
    assert "only a peering that is pending-acceptance" in accept.note


def test_packets_that_do_something_else_than_the_network_says_break_the_expectation(tmp_path: Path) -> None:
    text = "steps:\n  - try: {name: first, from: tokyo, to: singapore}\nexpect:\n"
    text += "  - reachable: {from: tokyo, to: singapore, answer: open, at: first}\n"
    text += "  - reachable: {from: tokyo, to: singapore, answer: silent, at: first}\n"
    _, history = played(tmp_path, text, Lying)
    (ended,) = (each for each in history.observations if isinstance(each, StepEnded))
    assert not ended.ok
    assert "open" in ended.note and "the network's rules do not allow it: no ingress rule on sg-singapore" in ended.note
    (attempt,) = (each for each in history.observations if isinstance(each, Attempted))
    assert (attempt.answer, attempt.allowed) == ("open", False)
    scenario, _, _ = opened(tmp_path / "scenario.yaml")
    verdicts = judge(scenario.expect, history).verdicts
    assert [each.outcome for each in verdicts] == ["failed", "failed"]
    assert all(each.reason.startswith("packets and network disagree") for each in verdicts)


def test_packets_of_the_attempts_at_the_end_are_not_among_those_dropped(tmp_path: Path) -> None:
    """One expectation does not bring about what another one counts."""
    text = "steps:\n  - try: {name: first, from: singapore, to: tokyo}\nexpect:\n"
    text += "  - dropped: {from: singapore, to: tokyo}\n"
    packets = []
    for more in ("", "  - reachable: {from: singapore, to: tokyo, answer: silent}\n"):
        _, history = played(tmp_path, text + more)
        seen = [each for each in history.observations if isinstance(each, PacketsDropped)]
        packets.append([each.packets for each in seen if each.source == "singapore"])
    assert packets[0] and packets[0] == packets[1]


def test_a_topology_that_says_nothing_of_it_has_nothing_of_it_in_its_history(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    shipped = TOPOLOGY.with_name("tokyo-singapore.yaml")
    path.write_text(f"scenario: plain\ntopology: {shipped}\nsteps:\n  - wait: 1s\n")
    scenario, planned, lab = opened(path)
    recorder = MemoryRecorder()
    replay(scenario, planned, lab, recorder, run=RUN)
    assert not {each.kind for each in recorder.observations} & {"peering", "route", "rule", "policy", "dropped"}


def test_other_groups_of_a_broker_wait_for_its_reboot(tmp_path: Path) -> None:
    text = "steps:\n  - update-broker: {broker: singapore, security-groups: default-singapore}\n"
    text += "  - reboot: {broker: singapore}\n"
    lab, history = played(tmp_path, text)
    assert lab.policies.network.interface("singapore").groups == ("default-singapore",)
    kinds = [each.kind for each in history.observations if each.kind in ("policy", "broker", "step")]
    # nothing of it before the broker was down
    assert kinds == ["step", "step", "broker", "broker", "policy", "broker", "broker"]


def test_a_request_expires_when_the_services_clock_is_moved_a_week_on(tmp_path: Path) -> None:
    text = "steps:\n  - delete-peering: {peering: tokyo-singapore}\n"
    text += "  - create-peering: {name: a, requester: tokyo, accepter: singapore}\n"
    text += "  - move-clock: {to: 2030-01-10 00:00}\n  - {fails: yes, accept-peering: {peering: a}}\n"
    text += "expect:\n  - peering: {name: a, state: expired}\n"
    lab, history = played(tmp_path, text)
    assert lab.policies.network.peering("a").state == "pending-acceptance", "it was not accepted any more"
    last = [each for each in history.observations if isinstance(each, StepEnded)][-1]
    assert not last.ok and "is expired, since it was not accepted within 7 days" in last.note
    scenario, _, _ = opened(tmp_path / "scenario.yaml")
    (verdict,) = judge(scenario.expect, history).verdicts
    assert verdict.outcome == "passed", verdict
