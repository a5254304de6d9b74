"""The page says what the report says, draws what did not go well, needs nothing else, and believes no text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from math import inf
from pathlib import Path

import pytest
from msgspec import structs

from lab.history import (
    KINDS,
    Answered,
    Approached,
    BridgeSeen,
    Browsed,
    LinkChanged,
    LogLine,
    Maintenance,
    Marked,
    Paced,
    Replied,
    SendOutcome,
    SightChanged,
    StepEnded,
    StepStarted,
    Trouble,
    Unwatched,
)
from lab.history.display import Course
from lab.judge import judge_whole
from lab.report.html import Files, to_html
from lab.report.html.broker_texts import LARGEST_FILE
from lab.report.html.faults import events, faults, with_direction
from lab.report.html.page import page
from tests.judge.cases import CASES

from .histories import EVIL, TOPOLOGY, header, judged, story, written

STANDING = Path(__file__).parents[1] / "judge" / "standing" / "history.jsonl"
NOT_DONE = "its maintenance window was not done as asked: it did not start"
FILES = Files(brokers={"tokyo": {"activemq.xml": "<broker><!-- secret-free --></broker>"}}, scenario="mine.yaml")


class _Read(HTMLParser):
    """What a browser would find: elements, their attributes and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data

    def count(self, tag: str, **attributes: str) -> int:
        return sum(found == tag and attributes.items() <= held.items() for found, held in self.tags)


def test_the_page_says_what_the_report_says(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl")
    read = _Read(to_html(whole, FILES))
    text = " ".join(read.text.split())
    assert read.open == []
    for verdict in whole.report.verdicts:
        assert f"{verdict.outcome}: {verdict.reason}" in text and verdict.expectation in text
    assert "32 of 36 messages arrived, 4 were lost; 4 duplicates; 4 are unknown" in text
    assert "run 20261124-000000-abcdef · emulation · seed 7 · 2026-11-24 00:00:00 UTC" in text
    assert "mqlab run mine.yaml --seed 7" in text
    assert "<broker><!-- secret-free --></broker>" in read.text
    assert "link cut ocean, both directions 0.050 s to 1.400 s" in text
    assert "35.0 ms configured, 35.2 ms measured" in text and "7 by cut" in text


def test_every_message_that_did_not_go_well_is_drawn_and_listed(tmp_path: Path) -> None:
    read = _Read(to_html(judged(tmp_path / "history.jsonl"), FILES))
    for fate in ("lost", "late", "doubled", "doubt"):
        assert read.count("line", **{"class": fate}) == 4, fate
        assert read.count("span", **{"class": f"fate {fate}"}) == 4 + 1, fate  # and once at the lane
    assert read.count("line", **{"class": "arrived"}) == 24
    assert "2-11 sent at 0.210 s: to ear, lost" in read.text
    assert "2-12 sent at 0.220 s: to ear, late after 1500.0 ms" in read.text


def test_what_is_left_out_is_said_and_the_first_and_last_are_there(tmp_path: Path) -> None:
    read = _Read(to_html(judged(tmp_path / "history.jsonl", seen=story(8000)), FILES))
    assert "500 of 800: lost" in read.text
    assert read.count("line", **{"class": "lost"}) == 500
    assert "2-1 sent" in read.text and "2-7991 sent" in read.text
    assert "300 of 3,200, evenly chosen" in read.text


def test_nothing_is_fetched_and_only_our_script_may_run(tmp_path: Path) -> None:
    html = to_html(judged(tmp_path / "history.jsonl"), FILES)
    read = _Read(html)
    policy = next(held["content"] for tag, held in read.tags if held.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none';") and "unsafe-eval" not in policy
    assert read.count("script") == 1 and read.count("style") == 1
    for tag, held in read.tags:
        for name in ("src", "href", "srcset", "action", "poster"):
            assert held.get(name) in (None, "data:,"), (tag, held)
        assert not any(name.startswith("on") for name in held)
    assert not re.search(r"@import|url\(", html)


def test_every_text_is_hostile_and_stays_text(tmp_path: Path) -> None:
    head = header(scenario=EVIL, about=EVIL)
    seen = list(story(topic=f"topic://{EVIL}", client="ear"))
    seen.insert(3, Trouble(t=0.03, who=EVIL, what=EVIL))
    whole = judge_whole(written(tmp_path / "history.jsonl", head, seen))
    html = to_html(whole, Files(brokers={EVIL: {EVIL: EVIL}}, scenario=EVIL))
    read = _Read(html)
    assert read.open == []
    assert read.count("script") == 1 and read.count("img") == 0
    assert "{{ 7*7 }}" in read.text and "alert(1)" in read.text
    html.encode()  # no half of a surrogate pair
    assert "\u202e" not in html and "\x1b" not in html


def test_a_fault_of_a_moment_becomes_a_mark_with_its_sentence() -> None:
    failed = Maintenance(t=3.0, broker="tokyo", window="Monday 03:00", failed="it did not start")
    told, count = faults([failed])
    assert count == 1
    assert (told[0].letter, told[0].look.label, told[0].text, told[0].when) == (
        "A",
        "maintenance",
        f"tokyo: {NOT_DONE}",
        "at 3.000 s",
    )
    assert told[0].touches("tokyo", "x", {}) and not told[0].touches("x", "y", {})
    listed, _ = events([failed])
    assert (listed[0].actor, listed[0].text) == (
        "tokyo",
        "its maintenance window was not done as asked: it did not start",
    )


def test_a_state_it_does_not_know_becomes_a_band_of_that_name() -> None:
    def link(t: float, state: str, leaving: str = "a", impairment: str = "") -> LinkChanged:
        return LinkChanged(t=t, link="l", leaving=leaving, reaching="b", state=state, impairment=impairment)

    told, _ = faults([link(1, "wet"), link(2, "open")])
    assert [(each.look.label, each.start, each.end) for each in told] == [("link wet", 1, 2)]


def test_faults_are_bands_of_the_ways_they_concern() -> None:
    def link(t: float, state: str, leaving: str, impairment: str = "delay 1ms") -> LinkChanged:
        reaching = {"a": "b", "b": "a"}[leaving]
        return LinkChanged(t=t, link="l", leaving=leaving, reaching=reaching, state=state, impairment=impairment)

    seen = [link(1, "cut", "a"), link(1.001, "cut", "b"), link(2, "open", "b"), link(3, "open", "a")]
    told, _ = faults(seen)
    assert [(each.start, each.end, each.ways) for each in told] == [
        (1, 2, (("a", "b"), ("b", "a"))),
        (2, 3, (("a", "b"),)),
    ]
    assert [with_direction(each).look.label for each in told] == ["link cut", "link cut a → b"]
    assert [with_direction(each).text for each in told] == ["l, both directions", "l"]
    seen = [link(1, "cut", "a"), link(1.001, "cut", "b"), link(2, "open", "b"), link(2.1, "open", "a")]
    assert [(each.start, each.end, len(each.ways)) for each in faults(seen)[0]] == [(1, 2.1, 2)]
    seen = [link(1, "cut", "a"), link(2, "open", "a"), link(3, "open", "a", "delay 9ms"), link(4, "open", "a")]
    told, _ = faults(seen)
    assert [(each.look.label, each.start, each.end) for each in told] == [
        ("link cut", 1, 2),
        ("link impaired", 3, 4),
    ]
    assert told[0].touches("one", "two", {"one": "a", "two": "b"})
    assert not told[0].touches("two", "one", {"one": "a", "two": "b"})


def test_a_key_names_only_what_is_drawn(tmp_path: Path) -> None:
    shown = page(judged(tmp_path / "history.jsonl"), FILES)
    drawn = {line.fate for strip in shown.strips for line in strip.lane.lines}
    assert set(shown.keys) == drawn and "arrived" in drawn
    (path,) = (each for each in CASES if each.name == "silent-and-back")
    assert page(judge_whole(path / "history.jsonl"), FILES).keys == ()


def test_another_impairment_is_another_band() -> None:
    def link(t: float, impairment: str) -> LinkChanged:
        return LinkChanged(t=t, link="l", leaving="a", reaching="b", state="open", impairment=impairment)

    told, _ = faults([link(1, "delay 9ms"), link(2, "delay 9ms"), link(3, "loss 1%")])
    assert [(each.text, each.start, each.end) for each in told] == [
        ("l set to delay 9ms", 1, 3),
        ("l set to loss 1%", 3, None),
    ]


def test_a_bridge_is_down_until_both_its_ends_are_up_whichever_goes_first() -> None:
    def end(t: float, broker: str, remote: str, port: int, up: bool) -> BridgeSeen:
        return BridgeSeen(
            t=t, connector="wan", broker=broker, remote=remote, remote_address=f"tcp://10.0.0.1:{port}", up=up,
            created_by_duplex=broker == "b",
        )  # fmt: skip

    seen = [end(0, "a", "b", 61617, True), end(0, "b", "a", 1, True)]
    seen += [end(1, "a", "b", 61617, False), end(2, "b", "a", 1, False)]
    seen += [end(4, "a", "b", 61617, True), end(5, "b", "a", 2, True)]
    told, _ = faults(seen)
    assert [(each.look.label, each.start, each.end) for each in told] == [("bridge down", 1, 5)]
    # A session whose end is noticed once the next one has begun: the bridge was never down there.
    replaced = [*seen[:2], end(3, "b", "a", 2, True), end(3.1, "b", "a", 1, False), end(9, "b", "a", 2, True)]
    assert faults(replaced) == ((), 0)


def test_only_a_rate_that_was_not_kept_is_a_mark() -> None:
    def paced(held: bool) -> Paced:
        return Paced(t=1, step=3, asked_per_s=20.0, drawn_per_s=20.0, reached_per_s=20.0 if held else 4.0, held=held)

    assert faults([paced(True)]) == ((), 0)
    ((mark,), _) = faults([paced(False)])
    assert (mark.look.label, mark.text) == (
        "rate not kept",
        "step 3: did not keep its rate: 4 messages a second reached, 20 asked",
    )


def test_what_a_browser_saw_is_an_event_and_an_answer_that_was_not_sent_a_fault() -> None:
    saw = Browsed(t=1, step=2, client="c", broker="tokyo", over="stomp", destination="queue://a", ids=("1-1",))
    sent, got = Replied(t=2, client="clerk", id="1-1"), Answered(t=3, client="step-1", id="1-1")
    assert faults([saw, sent, got]) == ((), 0)
    listed, _ = events([saw, sent, got])
    assert [each.text for each in listed] == ["saw 1 message in queue://a at tokyo over stomp: 1-1"]
    ((mark,), _) = faults([Replied(t=2, client="clerk", id="1-1", outcome=SendOutcome.FAILED, note="no such queue")])
    assert mark.look.label == "answer not sent"


def test_the_list_of_events_is_in_the_words_of_the_timeline_and_in_order() -> None:
    seen = [StepStarted(t=1, step=1, verb="wait", asked="wait 1s"), StepEnded(t=2, step=1)]
    seen.append(LogLine(t=-1, broker="tokyo", level="INFO", text="Apache ActiveMQ started", name="broker-started"))
    listed, _ = events(seen)
    assert [(each.t, each.actor, each.text) for each in listed] == [
        (-1, "tokyo", "logged INFO: Apache ActiveMQ started"),
        (1, "step 1", "wait 1s"),
    ]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("loss-counted-alike", ["they agree", "clients", "8", "5", "3, all of them expected", "brokers", "8", "5"]),
        ("loss-counted-alike", ["brokers", "8", "5", "3, all of them discarded"]),
        ("burst-discarded", ["they disagree", "clients", "2,000", "1,650", "350, all of them expected"]),
        ("burst-discarded", ["brokers", "2,000", "1,651", "349, all of them discarded"]),
    ],
)
def test_client_counts_and_broker_counts_stand_side_by_side(case: str, said: list[str]) -> None:
    (path,) = (each for each in CASES if each.name == case)
    table = to_html(judge_whole(path / "history.jsonl"), FILES).partition("Cross-check")[2].partition("</table>")[0]
    assert "\n".join(said) in re.sub(r"\s*(<[^>]*>\s*)+", "\n", table)


def test_a_state_that_ends_a_band_begins_none() -> None:
    courses = [kind.look for kind in KINDS.values() if isinstance(kind.look, Course)]
    assert len(courses) > 5
    for course in courses:
        assert not set(course.ends) & set(course.looks)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_history_has_a_page_and_the_same_one_each_time(case: Path) -> None:
    html = to_html(judge_whole(case / "history.jsonl"), FILES)
    assert html == to_html(judge_whole(case / "history.jsonl"), FILES)
    assert _Read(html).open == []
    assert len(html) < 300_000


def test_brokers_files_are_shortened_and_it_is_said(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl")
    given = page(
        whole,
        Files(brokers={"tokyo": {"activemq.xml": "x" * (LARGEST_FILE + 1)}, "singapore": {"activemq.xml": "short"}}),
    ).files
    assert given[0].name == "activemq.xml, its first 200,000 of 200,001 characters"
    assert len(given[0].text) == LARGEST_FILE and given[1].text == "short"


def test_every_file_that_a_broker_got_is_shown(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl")
    got = {"activemq.xml": "<first/>", "activemq.2.xml": "<second/>", "activemq.3.xml": "<third/>"}
    given = page(whole, Files(brokers={"singapore": {"activemq.xml": "<only/>"}, "tokyo": got})).files
    assert [(each.broker, each.text, each.name) for each in given] == [
        ("singapore", "<only/>", "activemq.xml"),
        ("tokyo", "<first/>", "activemq.xml, at the beginning"),
        ("tokyo", "<second/>", "activemq.2.xml, then"),
        ("tokyo", "<third/>", "activemq.3.xml, at the end"),
    ]


def test_without_a_run_folder_the_declared_configuration_is_shown_as_such(tmp_path: Path) -> None:
    text = '<broker xmlns="http://activemq.apache.org/schema/core"/>'
    configured = {"region": "tk", "engine-version": "5.18", "configuration": {"file": "f", "text": text}}
    topology = TOPOLOGY | {"brokers": {"tokyo": configured}}
    head = structs.replace(header(), declared={**header().declared, "topology": topology})
    given = page(judged(tmp_path / "history.jsonl", head), Files()).files
    assert [(each.broker, each.text, each.name) for each in given] == [("tokyo", text, "the configuration as declared")]


def test_lanes_and_lines_keep_within_the_page_for_many_ways(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl", seen=story(2000))
    audience = whole.evidence.audiences[0]
    evidence = replace(whole.evidence, audiences=(audience,))
    many = replace(whole, evidence=evidence)
    assert len(to_html(many, FILES)) < 600_000


@pytest.mark.parametrize(
    ("case", "headline", "tiles", "lane", "cell"),
    [
        (
            "queue-waits",
            "2 of 6 messages arrived, 4 wait on tokyo.",
            [("waiting on tokyo", 4), ("lost", 0)],
            "4 waiting at a broker",
            "4 on tokyo",
        ),
        (
            "queue-lost-by-place",
            "5 of 12 messages arrived, 3 wait on tokyo, 1 is a dead letter on singapore, 1 expired on tokyo and 2 were "
            "lost.",
            [("waiting on tokyo", 3), ("dead letters", 1), ("expired", 1), ("lost", 2)],
            "7 not arrived",
            "1 on singapore",
        ),
        (
            "queue-lost-at-a-restart",
            "1 of 3 messages arrived, 1 waits on tokyo and of 1 no counter shows where it is.",
            [("waiting on tokyo", 1), ("unknown", 1), ("lost", 0)],
            "2 not arrived",
            "1 on tokyo",
        ),
        (
            "burst-discarded",
            "1,650 of 2,000 messages arrived, 349 were discarded on singapore and 1 was lost.",
            [("discarded", 349), ("lost", 1)],
            "350 not arrived",
            "349 on singapore",
        ),
    ],
)
def test_the_page_tells_what_became_of_messages_that_did_not_come(
    case: str, headline: str, tiles: list[tuple[str, int]], lane: str, cell: str
) -> None:
    (path,) = (each for each in CASES if each.name == case)
    whole = judge_whole(path / "history.jsonl")
    given = page(whole, FILES)
    assert given.headline == headline
    assert [(tile.name, tile.count) for tile in given.tiles][2 : len(tiles) + 2] == tiles
    html = to_html(whole, FILES)
    assert f">{lane}<" in html and f'<td class="n">{cell}</td>' in html
    assert (" lost<" in html.partition("Messages over time")[2].partition("Messages worth a look")[0]) is False


@pytest.mark.parametrize(
    ("whole", "promise", "headline", "word", "calm"),
    [
        (True, "exactly-once", "8 of 9 messages arrived, 1 was lost; 1 duplicate", "lost", False),
        (
            False,
            "at-least-once",
            "8 of 9 messages arrived, 1 had not yet when the record breaks off",
            "unknown",
            True,
        ),
    ],
)
def test_a_message_is_lost_only_where_that_is_certain(
    tmp_path: Path, whole: bool, promise: str, headline: str, word: str, calm: bool
) -> None:
    expect = [{"delivered": {"to": ["ear"], "promise": promise, "within": "60s"}}]
    given = page(judged(tmp_path / "history.jsonl", header(expect=expect), story(10, whole=whole)), FILES)
    assert given.headline.startswith(headline)
    assert word in [tile.name for tile in given.tiles]
    assert given.grave is not calm


def test_that_somebody_watches_or_listens_still_is_neither_a_fault_nor_an_event() -> None:
    whole = judge_whole(STANDING)
    shown, in_all = faults(whole.evidence.timeline.seen)
    assert (in_all, [each.look.label for each in shown]) == (2, ["noted", "noted"])
    listed, _ = events(whole.evidence.timeline.seen)
    assert [each.text for each in listed] == ["bridge wan to sg at a:1 is up", "before", "after", "cut (by command)"]


def test_what_nobody_saw_is_a_band_from_its_beginning_on() -> None:
    (gap, lost, paused), _ = faults(
        [
            Unwatched(t=30.0, since=10.0),
            SightChanged(t=44.0, broker="tokyo", of="management", state="lost", since=39.0),
            SightChanged(t=50.0, broker="tokyo", of="management", state="regained", since=50.0),
            Unwatched(t=inf, since=60.0),
        ]
    )
    assert (gap.look.label, gap.start, gap.end, gap.brokers) == ("not watched", 10.0, 30.0, ())
    assert (lost.look.label, lost.start, lost.end, lost.brokers) == ("not seen", 39.0, 50.0, ("tokyo",))
    assert (paused.start, paused.end) == (60.0, None), "a monitor that went and never came back"


def test_the_page_shows_that_a_standing_lab_is_watched_no_more(tmp_path: Path) -> None:
    lines = STANDING.read_text().splitlines(keepends=True)
    path = tmp_path / "history.jsonl"
    path.write_text("".join([*lines, '{"t":900.0,"kind":"mark","text":"long after"}\n']))
    (fault,) = (
        each for each in page(judge_whole(path), FILES).faults if each.look.label == "not watched" and not each.end
    )
    assert fault.start < 900.0


def test_who_was_let_in_is_no_fault_and_who_was_not_is_called_so() -> None:
    def approach(outcome: str) -> Approached:
        return Approached(t=1, client="c", broker="tokyo", over="mqtt", what="connect", outcome=outcome, took=0.5)

    assert faults([approach("ok")]) == ((), 0)
    ((mark,), _) = faults([approach("refused")])
    assert mark.look.label == "not let in"


def test_a_note_is_shown_in_its_own_words() -> None:
    shown, _ = faults([Marked(t=1, text="before the change")])
    assert [(each.look.label, each.text) for each in shown] == [("noted", "before the change")]


def test_every_kind_has_a_look_except_those_that_the_page_shows_elsewhere() -> None:
    in_lanes = {"subscribed", "unsubscribed", "publishing", "sent", "acked", "received", "settled"}
    in_tables = {"link-counters", "destination", "counted", "dropped", "configuration", "record", "attempt", "policy"}
    in_steps = {"step", "step-ended", "snapshot", "browsed", "answered", "demand", "log", "ended", "watched"}
    of_applications = {"observer", "connection", "consumer", "message", "transaction"}
    without = {name for name, kind in KINDS.items() if kind.look is None}
    assert without == in_lanes | in_tables | in_steps | of_applications


def test_a_standing_lab_was_opened_and_not_run() -> None:
    text = to_html(judge_whole(STANDING), FILES)
    assert "$ mqlab up mine.yaml --seed 1\n" in text and "mqlab run mine.yaml" not in text


def test_without_messages_nothing_is_said_of_their_lines() -> None:
    (path,) = (each for each in CASES if each.name == "silent-and-back")
    section = to_html(judge_whole(path / "history.jsonl"), FILES).partition('id="time"')[2].partition("</section>")[0]
    assert "not seen" in section
    assert "draw over the lanes" not in section and "a message, from sent to received" not in section


def test_a_name_near_the_right_edge_is_on_the_left_of_its_moment(tmp_path: Path) -> None:
    marks = [Marked(t=0.01, text="first"), Marked(t=2.4, text="last")]
    given = page(judged(tmp_path / "history.jsonl", seen=[*story(), *marks]), FILES)
    assert {band.fault.text: band.near_end for band in given.bands if band.fault.look.label == "noted"} == {
        "first": False,
        "last": True,
    }
