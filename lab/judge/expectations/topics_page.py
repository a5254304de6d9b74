"""Judge of the expectation `topics-page`: whether a broker lists a topic."""

from __future__ import annotations

from lab.declare.expectations.topics_page import TopicsPage
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Subject, not_counted
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding
from lab.judge.values import Outcome
from lab.judge.wording import moment


@judges.register(TopicsPage)
def judge_topics_page(expectation: TopicsPage, evidence: Evidence) -> Finding:
    """Judge whether a broker had a topic when a snapshot was taken."""
    part = evidence.timeline.snapshots.part(expectation.at, expectation.broker)
    if isinstance(part, str):
        return Outcome.UNKNOWN, part
    topic = f"topic://{expectation.topic}"
    if why := not_counted(topic):
        return Outcome.UNKNOWN, why
    listed = Subject("destination", topic) in part.counted
    words = f"{expectation.broker} {'lists' if listed else 'does not list'} {expectation.topic} at {moment(part.t)}"
    return Outcome.of(listed == expectation.listed), words
