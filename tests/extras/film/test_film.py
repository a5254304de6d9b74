"""The scenes of a film: as the history has them at any moment, and few however many messages there are."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from lab.extras.film.messages import MOST_SINGLE
from lab.extras.film.page import content, to_html, write
from lab.extras.film.scenes import film
from lab.history import (
    BridgeSeen,
    BrokerChanged,
    Demand,
    LinkChanged,
    Observation,
    Received,
    Sent,
    SightChanged,
    read,
)
from lab.history.shared_file import lock_file
from lab.judge import judge_whole
from lab.report.files import keep, keep_film
from lab.report.run_folder import RunFolder
from tests.report.histories import EVIL, header, judged, story, written

from .film_cases import CASES, HERE, HUB, JUDGED, film_of, hub, hub_header, replayed, shown

CHECKED = ("lost-in-a-cut", "pair-fails-over", "hub")


@pytest.mark.parametrize("case", CASES)
def test_a_history_gives_its_film(case: str, tmp_path: Path) -> None:
    assert shown(film_of(case, tmp_path)) == (HERE / f"{case}.txt").read_text("utf-8")


def test_every_text_of_a_film_belongs_to_a_case() -> None:
    assert {path.stem for path in HERE.glob("*.txt")} == set(CASES)


def test_a_broker_that_a_step_creates_does_not_run_before(tmp_path: Path) -> None:
    topology = copy.deepcopy(HUB)
    topology["brokers"]["frankfurt"]["later"], topology["brokers"]["virginia"]["later"] = "yes", "no"
    declared = structs.replace(hub_header(), declared={**hub_header().declared, "topology": topology})
    created = (
        BrokerChanged(t=t, broker="frankfurt", state=state) for t, state in ((1.0, "creating"), (2.0, "created"))
    )
    made = film(judge_whole(written(tmp_path / "history.jsonl", declared, created)))
    words = [replayed(made, t)["broker frankfurt"] for t in (0.5, 2.5)]
    assert ["not created yet" in state for state in words] == [True, False]
    assert "running" in replayed(made, 0.5)["broker virginia"]


def last(seen: Iterable[Observation], t: float) -> dict[str, str]:
    """Return the states at a moment by the history alone: of directions, ends of bridges, brokers and demand."""
    found: dict[str, str] = {}
    for each in sorted(seen, key=lambda each: each.t):
        if each.t > t:
            break
        match each:
            case LinkChanged():
                found[f"link {each.leaving} {each.reaching}"] = each.state
            case BridgeSeen():
                ends = (each.remote, each.broker) if each.created_by_duplex else (each.broker, each.remote)
                found[f"end {ends[0]} {ends[1]} at {each.broker}"] = "up" if each.up else "down"
            case BrokerChanged() if not each.standby:
                found[f"broker {each.broker}"] = each.state
            case Demand():
                found[f"demand {each.broker} {each.destination}"] = str(each.present)
    return found


def unseen(seen: Iterable[Observation], broker: str, t: float) -> bool:
    """Return whether a broker's management could not be read at a moment."""
    since = [each.since for each in seen if isinstance(each, SightChanged) and each.state == "lost"]
    until = [each.t for each in seen if isinstance(each, SightChanged) and each.state == "regained"]
    names = {each.broker for each in seen if isinstance(each, SightChanged)}
    return broker in names and any(a <= t < b for a, b in zip(since, until, strict=True))


@pytest.mark.parametrize("case", CHECKED)
def test_a_film_agrees_with_its_history_at_ten_moments(case: str, tmp_path: Path) -> None:
    made = film_of(case, tmp_path)
    path = tmp_path / "history.jsonl" if case == "hub" else JUDGED / case / "history.jsonl"
    seen = read(path).observations
    changes = sorted({each.t for each in seen if isinstance(each, LinkChanged | BridgeSeen | BrokerChanged | Demand)})
    moments = [changes[number * (len(changes) - 1) // 5] + 0.001 for number in range(6)]
    for t in [*moments, 0.0, made.end / 3, made.end * 2 / 3, made.end]:
        known, states = last(seen, t), replayed(made, t)
        for name, state in states.items():
            kind, *names = name.split(" ")
            if kind == "link":
                for way, tone in zip((names, names[::-1]), state[2:], strict=True):
                    assert (tone == "shut") == (known.get(f"link {way[0]} {way[1]}", "open") == "cut"), (t, name)
            elif kind == "bridge":
                for broker, end in zip(names[1:], state, strict=True):
                    told = known.get(f"end {names[1]} {names[2]} at {broker}", "unknown")
                    assert end == ("unknown" if unseen(seen, broker, t) else told), (t, name, broker)
            else:
                assert (state[0] == "shut") == (known.get(f"broker {names[0]}") == "killed"), (t, name)
                wanted = any(key.startswith(f"demand {names[0]} ") and is_ == "True" for key, is_ in known.items())
                assert ("demand" in state[2]) == wanted, (t, name)
        sent = {each.id: each.t for each in seen if isinstance(each, Sent) and each.t <= t}
        came = {each.id for each in seen if isinstance(each, Received) and each.t <= t}
        shown_sent = {one.id for one in made.messages.deliveries if one.sent <= t}
        shown_came = {one.id for one in made.messages.deliveries if one.took is not None and one.sent + one.took <= t}
        assert (shown_sent, shown_came) == (set(sent), came), t


def test_messages_of_a_spoke_go_over_both_links_of_the_hub(tmp_path: Path) -> None:
    made = film_of("hub", tmp_path)
    (way,) = made.messages.directions
    bridges = {number: bridge.connector for bridge, number in made.stage.bridges.items()}
    assert [bridges[abs(hop) - 1] for hop in way.hops] == ["virginia-all", "frankfurt-all"]
    first, second = (made.stage.ends[abs(hop) - 1][:: 1 if hop > 0 else -1] for hop in way.hops)
    assert (first, second) == (("us", "ie"), ("ie", "de"))


def test_many_messages_are_streams_that_have_each_of_them_once(tmp_path: Path) -> None:
    count = 2 * MOST_SINGLE
    made = film(judged(tmp_path / "history.jsonl", seen=story(count)))
    assert made.messages.deliveries == ()
    rows = [row for stream in made.messages.streams for row in stream.rows]
    assert (sum(sent for _, sent, _ in rows), sum(came for *_, came in rows)) == (count, count * 8 // 10)
    assert all(0 <= place * made.messages.part_s <= made.end for place, *_ in rows)


def test_a_film_of_many_messages_is_small(tmp_path: Path) -> None:
    few = len(to_html(judged(tmp_path / "history.jsonl", seen=story(2 * MOST_SINGLE))))
    many = len(to_html(judged(tmp_path / "history.jsonl", seen=story(10 * MOST_SINGLE))))
    assert many < 2 * few < 500_000


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    text = to_html(judged(tmp_path / "history.jsonl", header(scenario=EVIL, about=EVIL), story(client=EVIL)))
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text and "\u202e" not in text and "\x1b" not in text


def test_equal_histories_give_equal_films(tmp_path: Path) -> None:
    path = written(tmp_path / "history.jsonl", hub_header(), hub())
    assert to_html(judge_whole(path)) == to_html(judge_whole(path))


def test_a_history_that_ends_early_has_a_film_that_says_so(tmp_path: Path) -> None:
    made = film(judged(tmp_path / "history.jsonl", seen=story(whole=False)))
    assert made.missing == "The history ends without its last line: the run was killed, or still goes on"
    ends = [scene for scene in made.scenes if scene.caption.startswith("The film ends here.")]
    assert [scene.t for scene in ends] == [made.end]


def test_a_lab_that_is_running_is_not_said_to_be_gone(tmp_path: Path) -> None:
    path = JUDGED / "standing" / "history.jsonl"
    for open_, says in ((True, "the lab is running"), (False, "the lab was gone before it was ended")):
        folder = tmp_path / says
        folder.mkdir()
        copy = folder / "history.jsonl"
        copy.write_bytes(path.read_bytes())
        if open_:
            lock_file(copy).touch()
        write(judge_whole(copy), copy, folder / "film.html")
        assert says in (folder / "film.html").read_text().lower()


def test_a_region_alone_and_a_region_without_bridges_are_drawn(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl")
    alone = replace(whole, report=replace(whole.report, regions=whole.report.regions[:1], bridges=(), linked=()))
    made = film(alone)
    assert made.stage.map is not None and len(made.stage.brokers) == 1
    assert content(made)["directions"][0][2] == []


def test_the_report_links_the_film_beside_it_and_no_other(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path)
    whole = judged(folder.history)
    keep(whole, folder)
    assert 'href="film.html"' not in folder.page.read_text()
    keep_film(whole, folder)
    assert 'href="film.html"' in folder.page.read_text()
    assert 'href="report.html"' in folder.film.read_text()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(whole, folder.history, elsewhere / "a.html")
    assert 'href="report.html"' not in (elsewhere / "a.html").read_text()
