"""A monitor takes what a verb has ended for no fault, and tells what has ended by itself."""

from __future__ import annotations

from pathlib import Path

from lab.declare.steps.base import State
from lab.errors import HostError
from lab.history import Header, Trouble, read
from lab.history.shared_file import begin
from lab.living.history import file_of
from lab.living.monitor import Monitor
from tests.living.live_lab import LiveLab

HEADER = Header(
    run="r", scenario="s", seed=1, runtime="memory", started="", declared={"steps": []}, mqlab="0", standing=True
)


def test_a_monitor_takes_what_a_verb_has_ended_for_no_fault(tmp_path: Path) -> None:
    lab = LiveLab("failover")
    lab.note = lab.note.with_fields(folder=str(tmp_path))
    begin(file_of(lab.note), HEADER).close()
    live = lab.live
    live.kill("singapore", instance="standby")
    live.kill("tokyo")
    monitor = Monitor(lab, live.history)
    for broker in ("tokyo", "singapore", "singapore"):
        monitor.record(Trouble(t=lab.clock.now(), who=f"broker {broker}", what="it has ended by itself"))
        lab.kill("singapore", 1)  # by nobody's verb
    told = [each.who for each in read(file_of(lab.note)).observations if isinstance(each, Trouble)]
    assert told == ["broker singapore"] * 2


def test_what_ended_by_itself_is_told_though_the_engine_cannot_be_asked_of_another_one(tmp_path: Path) -> None:
    class Unasked(LiveLab):
        """Of no other instance than of the broker whose silence is told may anybody ask."""

        def instance_state(self, broker: str, instance: int = 1) -> State:
            raise AssertionError("who asks so remembers the answer")

        def has_ended(self, broker: str, instance: int = 1) -> bool:
            if broker == "tokyo":
                raise AssertionError("it is not the one")
            raise HostError("the Docker engine does not answer any more")

    lab = Unasked("failover")
    lab.note = lab.note.with_fields(folder=str(tmp_path), off={"tokyo": True, "singapore-1": True})
    begin(file_of(lab.note), HEADER).close()
    monitor = Monitor(lab, lab.live.history)
    monitor.record(Trouble(t=lab.clock.now(), who="broker singapore", what="it has ended by itself"))
    told = [each.who for each in read(file_of(lab.note)).observations if isinstance(each, Trouble)]
    assert told == ["broker singapore"], "nobody knows that a verb did it"
