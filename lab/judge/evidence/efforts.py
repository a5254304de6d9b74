"""The efforts of a run: how many messages each step was asked to send or to take, and how many it did.

Expectations about messages depend on the efforts. If a step did less than the scenario needs, their verdict is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import NamedTuple

from lab.base.dataclass import dataclass
from lab.history import Achieved
from lab.history.expected.records import FAILED, OK, PERHAPS, Publication
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.evidence.timeline import Timeline

REPLAY = "replay"  # the verb; its class would load what reads recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The number of messages that a step was asked to send or take, and the number that it did."""

    step: int
    label: str  # the step's place and what it asked, such as "step 5.1 (publish 100 …)"
    did: str  # "sent" | "taken"
    broker: str
    destination: str  # empty for a step that takes of its client's subscriptions
    client: str  # that takes; empty for a step that sends
    asked: int | None  # None: as many as its rate gives until it is told to end
    least: int | None  # how many the scenario needs, if not all
    sent: int  # handed to the client; 0 for a step that takes
    done: int  # accepted, or taken
    unknown: int  # without an acknowledgement, and received by no client
    failed: int
    needed: int  # how many it must do for expectations to depend on it
    early: bool  # it ended too early
    by_rate: bool  # its rate alone says how many it sends
    off_pace: bool  # it did not keep its rate
    began: float  # seconds
    ended: float  # infinity if the history does not say when
    fails: bool  # whether the scenario has it fail
    went_well: bool  # whether it ended as a step that does what it is asked
    open: bool  # of a running lab: it was going on, or whoever did it was killed

    @property
    def short(self) -> bool:
        """Return whether it did less than the scenario needs, or more where it was to fail."""
        if self.fails:
            return self.went_well
        return self.done < self.needed or (self.least is None and (self.early or (self.by_rate and self.off_pace)))

    @property
    def differs(self) -> bool:
        """Return whether the step ended early, or did less than it was asked or sent."""
        return self.early or self.done < max(self.sent, self.asked or 0)

    @property
    def amounts(self) -> str:
        """Return the number of messages asked and the numbers done, in words."""
        if self.did == "taken":
            return f"{self.done} of {self.asked} taken"
        of = f" of {self.asked}" if self.asked is not None else f" of {self.sent} sent"
        parts = [f"{self.done}{of} accepted"]
        parts += [f"{self.unknown} without an acknowledgement"] if self.unknown else []
        parts += [f"{self.failed} refused"] if self.failed else []
        if self.asked is not None and self.asked > self.sent:
            parts.append(f"{self.asked - self.sent} {'not sent by then' if self.open else 'never sent'}")
        parts += ["its rate was not kept"] if self.by_rate and self.off_pace else []
        parts += ["it ended too early"] if self.early else []
        return ", ".join(parts)


def efforts(ledger: Ledger, timeline: Timeline, handed: Mapping[str, int]) -> tuple[Effort, ...]:
    """Return the efforts of all steps that have ended, in the order of their numbers.

    Of a running lab those of replays, ended or not: no other verb is asked for a number of messages. `handed` has the
    messages by step where a step's messages are those of an application, and the ledger has no publication of it.
    """
    told = {seen.step: seen for seen in timeline.achieved}
    sent = {each.step: each for each in ledger.publications.values() if not each.names}  # no step made the others
    steps = {each.step: each for each in timeline.steps}
    off_pace = {paced.step for paced in timeline.paces if not paced.held}
    shared = Counter(publication.part_of for publication in sent.values())
    found = []
    for step in sorted({*told, *sent}):
        publication, seen = sent.get(step), told.get(step)
        if seen is None and not timeline.complete:
            continue  # it had not ended when the history was cut short, which every expectation tells
        whose = _taker(step, steps) if publication is None else publication.part_of
        if timeline.standing and (whose not in steps or steps[whose].verb != REPLAY):
            continue  # or it began before the interval that is judged
        counts = _counts(publication, ledger) if publication is not None else _Counts(handed.get(str(step), 0))
        if publication is None and seen is not None and seen.did == "sent":
            counts = counts._replace(accepted=seen.done)
        if timeline.standing and seen is not None:  # whose oldest messages may have been left out
            counts = counts._replace(accepted=max(counts.accepted, seen.done))
        words = timeline.asked.get(whose, f"step {whose}")
        if publication is not None and shared[whose] > 1:
            # Ahead of what it asked, which a terminal cuts short: in it such rows are all alike.
            place, paren, rest = words.partition(" (")
            words = f"{place}, {publication.destination}{paren}{rest}"
        its = _effort(step, words, publication, seen, counts, steps.get(whose), whose in off_pace)
        found.append(replace(its, open=True) if timeline.standing and steps[whose].ended is None else its)
    return tuple(found)


def _taker(number: int, steps: Collection[int]) -> int:
    """Return the step that took a number: a step that needs several has those that follow its own."""
    return number if number in steps else max((each for each in steps if each < number), default=number)


class _Counts(NamedTuple):
    """The outcomes of a publication's messages: a received message was accepted, acknowledged or not."""

    handed: int = 0
    accepted: int = 0
    refused: int = 0


def _counts(publication: Publication, ledger: Ledger) -> _Counts:
    handed, known = publication.last, publication.outcomes.count(OK)
    if known == handed:  # the usual case
        return _Counts(handed, handed)
    missing = [number for number in range(1, handed + 1) if publication.outcomes[number] != OK]
    came = set(_received(publication, missing, ledger))
    refused = sum(publication.outcomes[number] == FAILED for number in missing if number not in came)
    return _Counts(handed, handed - len(missing) + len(came), refused)


def _effort(
    step: int,
    text: str,
    publication: Publication | None,
    achieved: Achieved | None,
    counts: _Counts,
    taken: StepTaken | None,
    off_pace: bool,
) -> Effort:
    """Return the effort of a step from its publication and its own record `achieved`; at least one of them exists."""
    if achieved is not None:
        asked, least, early = achieved.asked, achieved.least, achieved.early
        did, broker, destination, client = achieved.did, achieved.broker, achieved.destination, achieved.client
        done = counts.accepted if did == "sent" else achieved.done
    else:
        assert publication is not None, "an effort needs a publication or a record of the step"
        asked, least, early = None if publication.grows else publication.count, None, False
        did, broker, destination, client = "sent", publication.broker, publication.destination, ""
        done = counts.accepted
    by_rate = asked is None or (publication is not None and publication.grows)
    return Effort(
        step=step,
        label=text,
        did=did,
        broker=broker,
        destination=destination,
        client=client,
        asked=asked,
        least=least,
        sent=counts.handed,
        done=done,
        unknown=max(counts.handed - counts.accepted - counts.refused, 0),
        failed=counts.refused,
        needed=least if least is not None else counts.handed if by_rate or asked is None else asked,
        early=early,
        by_rate=by_rate,
        off_pace=off_pace,
        began=0.0 if taken is None else taken.started,
        ended=inf if taken is None else taken.done,
        fails=taken is not None and taken.fails,
        went_well=taken is None or taken.ok,
        open=False,
    )


def _received(publication: Publication, numbers: list[int], ledger: Ledger) -> Iterator[int]:
    """Yield those of a publication's messages that any client received."""
    arrivals = [
        subscription.arrivals[publication.step].times
        for subscription in ledger.subscriptions.values()
        if publication.step in subscription.arrivals
    ]
    for number in numbers:
        if publication.proven and publication.proven[number] == PERHAPS:
            continue  # its body is equal to another one's
        if any(number < len(times) and times[number] for times in arrivals):
            yield number
