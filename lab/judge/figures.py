"""The figures of a Report: deliveries, flows between brokers, links, bridges and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.amazonmq.identity import DeploymentMode
from lab.base.units import several
from lab.declare.expectations.base import Expectation
from lab.history.expected.records import Subscription
from lab.judge.calibrated_range import calibration_notes
from lab.judge.doubts import limits_of
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.configurations import configurations
from lab.judge.evidence.cross_checks import disagreements, notes_on_fewer
from lab.judge.evidence.efforts import REPLAY
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.fates import fate_counts, kept
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.timeline import End, Timeline
from lab.judge.percentiles import Percentiles
from lab.judge.values import (
    BridgeReport,
    BrokerOutline,
    CrossCheck,
    Delivery,
    Flow,
    LinkReport,
    RegionOutline,
    Share,
    StepReport,
)
from lab.judge.wording import gap, moment
from lab.network.regions import city


def limits(expectations: Sequence[Expectation], evidence: Evidence) -> tuple[Mapping[int, float], ...]:
    """Return for each audience, by step, the shortest `within` of an expectation about the step's messages, in seconds.

    It counts from the sending of each message, so that the time for a whole step is none.
    """
    limits: dict[int, dict[int, float]] = {}
    for expectation in expectations:
        if (wanted := expectation.arrivals) is not None and not wanted.none and not wanted.of_a_step:
            covered = evidence.covered(wanted)
            if wanted.to is not None and wanted.to.any and len(covered) > 1:
                continue  # a message that is late to one of them may have been in time to another
            for chosen in covered:
                its = limits.setdefault(id(chosen.audience), {})
                for step in (tally.publication.step for tally in chosen.tallies):
                    its[step] = min(its.get(step, inf), wanted.within.total_seconds())
    return tuple(limits.get(id(audience), {}) for audience in evidence.audiences)


def deliveries(evidence: Evidence, limits: Sequence[Mapping[int, float]]) -> tuple[Delivery, ...]:
    """Return one row per audience; `limits` are the seconds, by step, after which a message of each is late."""
    return tuple(
        _delivery(evidence, audience, within) for audience, within in zip(evidence.audiences, limits, strict=True)
    )


def _delivery(evidence: Evidence, audience: Audience, within: Mapping[int, float]) -> Delivery:
    def total(name: str) -> int:
        return sum(int(getattr(tally, name)) for tally in audience.tallies)

    shared = len(audience.members) > 1
    return Delivery(
        subscriber=", ".join(audience.names),
        broker=", ".join(audience.brokers),
        destination=", ".join(audience.destinations),
        expected=total("expected"),
        received=total("received"),
        not_delivered=fate_counts(evidence, audience),
        duplicated=total("duplicated"),
        unexpected=total("unexpected") + sum(member.unexplained for member in audience.members),
        recovered=total("recovered"),
        undecided=total("undecided"),
        redelivered=total("redelivered"),
        returned=sum(member.returned for member in audience.members),
        kept=kept(evidence, audience),
        over=total("expired"),
        doubtful=sum(len(tally.unsure) for tally in audience.tallies),
        reordered=total("reordered"),
        late=sum(tally.late(within.get(tally.publication.step, inf)) for tally in audience.tallies),
        latency=Percentiles.of(sorted(took * 1000 for tally in audience.tallies for took in tally.timed()[1])),
        shares=tuple(
            Share(subscriber=member.client, broker=member.broker, received=_count_received(member, audience))
            for member in audience.members
        )
        if shared
        else (),
    )


def _count_received(member: Subscription, audience: Audience, step: int | None = None) -> int:
    """Return the number of messages of an audience's publications, or of one step, that a member received."""
    firsts = {tally.publication.step: tally.publication.first for tally in audience.tallies}
    counted = (arrivals.times[firsts[own] :] for own, arrivals in member.arrivals.items() if step in (None, own))
    return sum(len(times) - times.count(0) for times in counted)


def step_reports(evidence: Evidence) -> tuple[StepReport, ...]:
    """Return, for each step that sends or takes messages, the number asked and the numbers done."""
    return tuple(
        StepReport(
            step=effort.step,
            words=effort.label,
            did=effort.did,
            asked=effort.asked,
            at_least=effort.least,
            sent=effort.sent,
            done=effort.done,
            unknown=effort.unknown,
            failed=effort.failed,
            short=effort.short,
        )
        for effort in evidence.efforts
    )


def flows(evidence: Evidence) -> tuple[Flow, ...]:
    """Return the number of messages from each broker to each other, in the order of the publish steps."""
    received: dict[tuple[str, str], int] = {}
    expected: dict[tuple[str, str], int | None] = {}
    for audience in evidence.audiences:
        brokers = audience.brokers
        for tally in audience.tallies:
            for broker in brokers:
                way = (tally.publication.broker, broker)
                if len(brokers) == 1:
                    arrived, due = tally.received, tally.expected
                    before = expected.get(way, 0)
                    expected[way] = None if before is None else before + due
                else:
                    members = [member for member in audience.members if member.broker == broker]
                    arrived = sum(_count_received(member, audience, tally.publication.step) for member in members)
                    expected[way] = None
                received[way] = received.get(way, 0) + arrived
    return tuple(
        Flow(source=source, target=target, received=count, expected=expected[(source, target)])
        for (source, target), count in received.items()
        if count or expected[(source, target)]
    )


def links(evidence: Evidence) -> tuple[LinkReport, ...]:
    """Return the router's last counts for each direction of each link."""
    return tuple(
        LinkReport(
            leaving=seen.leaving,
            reaching=seen.reaching,
            configured_delay=seen.configured_delay_ms,
            measured_p50=seen.measured_p50_ms,
            measured_p99=seen.measured_p99_ms,
            packets=seen.packets,
            dropped=dict(seen.dropped),
        )
        for seen in evidence.timeline.links.values()
    )


def linked(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Return each two regions that the header declares a link between."""
    ends = (link["between"] for link in evidence.header.declared.get("topology", {}).get("links", ()))
    return tuple((a, b) for a, b in ends)


def bridges(evidence: Evidence) -> tuple[BridgeReport, ...]:
    """Return the last state of each bridge's ends, initiators first; of a responder's sessions only the latest."""
    duplex = _duplex(evidence)
    latest: dict[End, BridgeReport] = {}
    moments: dict[End, tuple[bool, float]] = {}
    for end, seen in evidence.timeline.bridges.items():
        key = end._replace(connector="") if end.connector.startswith("#") else end
        if key in moments and moments[key] > (seen.up, seen.t):
            continue
        moments[key] = (seen.up, seen.t)
        silence = evidence.timeline.coverage.silence(seen.broker, evidence.timeline.end, evidence.timeline.end)
        latest[key] = BridgeReport(
            connector=seen.connector,
            broker=seen.broker,
            remote=seen.remote,
            remote_address=seen.remote_address,
            created_by_duplex=seen.created_by_duplex,
            up=seen.up,
            enqueued=seen.enqueued,
            dequeued=seen.dequeued,
            received=seen.received,
            duplex=seen.created_by_duplex or (seen.broker, seen.connector) in duplex,
            unseen_since=None if silence is None else silence.begin,
        )
    return tuple(sorted(latest.values(), key=lambda end: (end.created_by_duplex, end.connector, end.broker)))


def _never_seen(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield broker and name of each connector of a first configuration that no observation of a bridge names."""
    seen = {(end.broker, end.connector) for end in evidence.timeline.bridges}
    for broker, fields in evidence.header.declared.get("topology", {}).get("brokers", {}).items():
        if "configuration" in fields:
            text = fields["configuration"]["text"].encode()
            names = [connector.name for connector in read_configuration(text, "the history").connectors]
            yield from ((broker, name) for name in names if (broker, name) not in seen)


def _duplex(evidence: Evidence) -> set[tuple[str, str]]:
    """Return broker and name of each connector that a declared configuration makes duplex."""
    return {
        (broker, connector.name)
        for broker, its in configurations(evidence.header.declared).items()
        for configuration in its
        for connector in configuration.connectors
        if connector.duplex
    }


def regions(evidence: Evidence) -> tuple[RegionOutline, ...]:
    """Return the regions and brokers that the header declares; none if it declares no topology."""
    topology = evidence.header.declared.get("topology", {})
    brokers = topology.get("brokers", {})
    return tuple(
        RegionOutline(
            name=name,
            aws_region=region["aws-region"],
            city=city(region["aws-region"]),
            brokers=tuple(
                BrokerOutline(
                    name=broker,
                    engine_version=str(fields.get("engine-version", "")),
                    activemq_version=evidence.header.activemq.get(broker),
                    pair=fields.get("deployment-mode") == DeploymentMode.ACTIVE_STANDBY_MULTI_AZ,
                )
                for broker, fields in brokers.items()
                if fields["region"] == name
            ),
        )
        for name, region in topology.get("regions", {}).items()
    )


def notes(
    expectations: Sequence[Expectation], evidence: Evidence, cross_checks: Sequence[CrossCheck]
) -> tuple[str, ...]:
    """Return the notes of a report: what a reader should know beside the verdicts."""
    timeline = evidence.timeline
    found = [f"The history is damaged: {evidence.damage}. No figure is certain."] if evidence.damage else []
    if its := evidence.header.costs:
        found.append(f"Times of the machine are a person's own: {', '.join(f'{name} {its[name]}' for name in its)}.")
    if ignored := evidence.header.ignored:
        found.append(f"Simulated without {', '.join(ignored)}, as it was asked to: --ignore.")
    found += [f"ActiveMQ {release} is not all of one release: {its}." for release, its in evidence.header.mixed.items()]
    found += [*limits_of(timeline), *calibration_notes(evidence)]
    if evidence.header.standing and evidence.unsealed:
        found.append(f"{evidence.unsealed}. No expectation passes.")
    if not timeline.complete:
        why = f" ({timeline.ended.note})" if timeline.ended is not None and timeline.ended.note else ""
        found.append(f"The history is cut short at {moment(timeline.end)}{why}.")
    if "topology" not in evidence.header.declared:
        found.append(
            "The history's header declares no topology, so there is no drawing and no cross-check with counters."
        )
    if not expectations:
        found.append("The scenario expects nothing, so nothing was judged.")
    found += [f"No bridge of {connector} was ever seen at {broker}." for broker, connector in _never_seen(evidence)]
    found += _amounts(evidence)
    found += _timing(timeline)
    found += _missed(evidence)
    found += _made_anew(evidence)
    found += _not_whole(evidence)
    for (broker, destination), samples in timeline.destinations.items():
        if discarded := max(sample.discarded for sample in samples):
            found.append(
                f"{broker} discarded {several(discarded, 'message')} of {destination} for a slow bridge "
                "(pending-message limit)."
            )
    found += [
        f"The router dropped {several(each.packets, 'packet')} from {each.source} to {each.target}: {each.cause}."
        for each in timeline.dropped
    ]
    places = {
        each.destination: whereabouts(evidence, each.destination) for each in evidence.ledger.publications.values()
    }
    gone = {queue: its.gone for queue, its in places.items() if its is not None}
    found += [f"Counts disagree: {words}." for words in disagreements(evidence, cross_checks, gone)]
    found += notes_on_fewer(cross_checks)
    found += [f"Of {queue}, {its.taken_words()}." for queue, its in places.items() if its is not None and its.taken]
    return tuple(found)


def _amounts(evidence: Evidence) -> Iterator[str]:
    """Yield a note for each step that did less than it was asked, with the number that the scenario needs."""
    for effort in evidence.efforts if not evidence.timeline.standing else ():
        if effort.differs:
            needs = "" if effort.least is None else f"; the scenario needs {effort.least}"
            needs += "; it was to fail" if effort.fails else ""
            yield f"A step did less than it was asked: {effort.label}: {effort.amounts}{needs}."


def _timing(timeline: Timeline) -> Iterator[str]:
    """Yield a note for each rate that was not held, each step that began late and each wait in vain."""
    for paced in timeline.paces:
        if not paced.held:
            drawn = (
                f" ({paced.drawn_per_s:.4g}/s by its dice)"
                if abs(paced.drawn_per_s - paced.asked_per_s) > 0.001 * paced.asked_per_s
                else ""
            )
            yield (
                f"A rate could not be held: {timeline.asked.get(paced.step, f'step {paced.step}')} asked "
                f"{paced.asked_per_s:.4g}/s{drawn} and reached {paced.reached_per_s:.4g}/s."
            )
    for late in timeline.late:
        if late.due is not None:
            asked = f"asked for {moment(late.due)}, begun at {moment(late.t)}"
            yield f"A step came {gap(late.t - late.due)} late: {timeline.asked[late.step]}, {asked}."


def _made_anew(evidence: Evidence) -> Iterator[str]:
    """Yield a note for each replay of a run's history: the bodies received were not the bodies of that run."""
    its = {each.part_of for each in evidence.ledger.publications.values() if each.last and each.digests is None}
    for step in evidence.timeline.steps:
        if step.verb == REPLAY and step.step in its:
            yield f"Bodies were made anew, since a history has none: {step.label}."


def _not_whole(evidence: Evidence) -> Iterator[str]:
    """Yield a note for each replay of a recording with warnings, such as where it was cut short."""
    for step in evidence.timeline.steps:
        if step.verb == REPLAY and (missing := step.label.rpartition(", pace ")[2].partition("; ")[2]):
            its = step.label.removesuffix(f"; {missing}")
            yield f"A replay is not all that once was sent: {its}): {missing.removesuffix(')')}."


def _missed(evidence: Evidence) -> Iterator[str]:
    """Yield a note for each step that ended otherwise than the scenario has it, unless another note reports it."""
    standing = evidence.timeline.standing  # where the note on its end tells how much a step did, and why not more
    told = {effort.step for effort in evidence.efforts if effort.differs and not standing}
    told |= {paced.step for paced in evidence.timeline.paces if not paced.held and not standing}
    for seen in (each for each in evidence.timeline.windows if each.failed):
        yield f"A maintenance window was not done as asked: {seen.broker}'s, until {moment(seen.t)}; {seen.failed}."
    for step in evidence.timeline.steps:
        if step.missed and step.ok:
            yield f"A step went well that was to fail: {step.label}."
        elif step.missed and step.step not in told:
            yield f"{step.kind.in_vain}: {step.label}{f'; {step.note}' if step.note else ''}."
        elif standing and step.ended is None:
            yield f"A step has no end: {step.label}; it was still running, or its process was killed."
