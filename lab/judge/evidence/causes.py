"""Possible causes of a loss or delay: missing demand, a link or broker that was down, or the nearest event."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from lab.activemq.destinations import hears, is_on
from lab.base.units import several
from lab.history import Demand
from lab.history.expected.records import Publication, is_queue
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.routes import Routes
from lab.judge.evidence.tally import Tally
from lab.judge.evidence.timeline import Event, Timeline
from lab.judge.wording import gap, moment

FAR_SECONDS = 90.0  # seconds; ActiveMQ notices a cut after 50 to 90 s, so an event further away explains little


class Causes:
    """Explanations from one history's timeline, each as the end of a sentence."""

    def __init__(self, timeline: Timeline, routes: Routes) -> None:
        self._timeline, self._routes = timeline, routes

    def of_loss(self, audience: Audience, tally: Tally, number: int) -> str:
        """Return the possible cause of the loss of message `number` of a tally; "" if none was found."""
        publication = tally.publication
        sent = publication.sent_at[number]
        if number in tally.kept and publication.broker not in audience.brokers:
            if (first := self._first_demand(publication.broker, publication.destination)) < tally.kept[number]:
                retained = "a bridge brings a retained message over for the first demand alone"
                return f", which {publication.broker} retained: {retained}, and that came at {moment(first)} or before"
            if first < inf:  # it may have been the first one
                return self.of_way(audience, publication, tally.kept[number], self._timeline.end)
        never = ""
        if not tally.arrived:  # what did arrive would show that the rules are not the reason
            never = self._routes.why_never(publication.broker, audience.brokers, publication.destination)
        if publication.broker not in audience.brokers and not is_queue(publication.destination):
            undemanded = self.undemanded(publication.broker, publication.destination, sent)
            if undemanded:
                return undemanded + never
        if never:
            return never
        discarded = self._discarded(publication.broker, publication.destination)
        return self.of_way(audience, publication, sent, self._timeline.end) + discarded

    def of_way(self, audience: Audience, publication: Publication, t: float, until: float) -> str:
        """Return the result of `near` for a publication's messages on their way to an audience.

        Between clients of one broker, events of links, bridges and other brokers explain nothing.
        """
        return self.near(t, until, at=publication.broker if self._stays(audience, publication) else None)

    def near(self, t: float, until: float, *, bridges: bool = True, at: str | None = None) -> str:
        """Return the link or broker that was down between two moments, else the event nearest to `t`; "" if none.

        Without `bridges`, the coming and going of a bridge is not counted as an event. With `at`, only events of that
        broker or of a client are counted.
        """
        shut = [
            Event(t=out.start, text=out.words)
            for out in (self._timeline.downtimes if at is None else self._timeline.outages)
            if out.start <= until and (out.end is None or out.end >= t) and at in (None, getattr(out, "name", ""))
        ]
        around = [
            event
            for event in self._timeline.events
            if abs(event.t - t) <= FAR_SECONDS
            and (bridges or event.subject != "bridge")
            and (at is None or event.subject in ("", at))
        ]
        event = _nearest(shut, t) or _nearest(around, t)
        if event is None:
            return ""
        return f", {gap(abs(event.t - t))} {'after' if event.t <= t else 'before'} {event.text}"

    def _stays(self, audience: Audience, publication: Publication) -> bool:
        """Return whether a publication's messages have no way but through their own broker.

        A queue's go to another broker where one asks for them, even if they are meant for a client of this one.
        """
        broker, destination = publication.broker, publication.destination
        if {broker} != {*audience.brokers, *(other.broker for other in audience.others)}:
            return False
        asked = (
            any(item.present for item in items)
            for (where, what), items in self._timeline.demand.items()
            if where == broker and (hears(what, destination) or hears(destination, what))
        )
        return not is_queue(destination) or not any(asked)

    def between(self, begin: float, end: float) -> str:
        """Return the link or broker that was down between two moments, else the first event then; "" if none."""
        shut = [
            Event(t=out.start, text=out.words)
            for out in self._timeline.downtimes
            if out.start <= end and (out.end is None or out.end >= begin)
        ]
        event = _nearest(shut or [event for event in self._timeline.events if begin <= event.t <= end], begin)
        return "" if event is None else f"; at {moment(event.t)} {event.text}"

    def undemanded(self, broker: str, destination: str, sent: float) -> str:
        """Return that a topic's broker had no bridge's consumer when a message was sent; "" if it had one."""
        seen: list[Demand] = []
        for (where, what), items in self._timeline.demand.items():
            if where == broker and (hears(what, destination) or hears(destination, what)):
                seen += items
                last = max((item for item in items if item.t <= sent), key=lambda item: item.t, default=None)
                looks = self._timeline.looks.get((broker, what), ())
                if last is not None and (last.present or self._timeline.coverage.gap(last.t, sent)):
                    return ""
                if any(each.begin <= sent < each.end for each in looks):
                    return ""
        if not seen or self._timeline.coverage.silence(broker, sent, sent):
            return ""
        since = min((item.t for item in seen if item.present and item.t > sent), default=inf)
        when = f"until {moment(since)}" if since < inf else "from then on"
        ever = any(item.present for item in seen)
        return (
            f", when {broker} had no demand for it (no network consumer on {broker} "
            f"{when if ever else 'at any time'}): a topic message without demand is not forwarded"
        )

    def _first_demand(self, broker: str, destination: str) -> float:
        """Return the moment of the first poll that found demand for a topic at a broker; infinity if none did."""
        polls = (
            (what, poll) for (where, what), polls in self._timeline.demand.items() if where == broker for poll in polls
        )
        return min((poll.t for what, poll in polls if poll.present and is_on(what, destination)), default=inf)

    def _discarded(self, broker: str, destination: str) -> str:
        """Return, as the end of a sentence, the messages that a broker discarded for a slow bridge; else ""."""
        samples = self._timeline.destinations.get((broker, destination), [])
        discarded = max((sample.discarded for sample in samples), default=0)
        if not discarded:
            return ""
        return f"; {broker} discarded {several(discarded, 'message')} of {destination} for a slow bridge"


def _nearest(events: Sequence[Event], t: float) -> Event | None:
    return min(events, key=lambda event: abs(event.t - t), default=None)
