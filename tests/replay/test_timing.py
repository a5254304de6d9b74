"""When things happen: rates are kept and told, background work ends with the replay, and the seed decides the rest."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from lab.history import Acknowledged, Ended, LinkChanged, Paced, Received, Sent, StepEnded, StepStarted, line
from lab.replay.pacing import Pace
from lab.runtime.messages import Outgoing
from tests.replay.test_trouble import HEARD, Played, frozen_once_it_is_sent_to
from tests.spoilt_lab import KeptClient, SpoiltLab

FLOW = "  - traffic: {name: ticks, broker: tokyo, over: stomp, topic: a, rate: 10/s%s}\n"
LINK = "{link: tokyo-singapore}"


def near(*expected: float) -> object:
    """Return what is equal to moments but for the µs that asking a virtual clock takes."""
    return pytest.approx(list(expected), abs=1e-3)


def sent(played: Played, step: int) -> list[float]:
    """Return when a step's messages were sent, counted from its first one."""
    moments = [each.t for each in played.seen(Sent) if each.id.startswith(f"{step}-")]
    return [t - moments[0] for t in moments]


def notes(played: Played) -> dict[int, str]:
    return {each.step: each.note for each in played.seen(StepEnded)}


def test_traffic_goes_on_beside_the_steps_until_the_last_is_done(tmp_path: Path) -> None:
    played = Played(tmp_path, HEARD + FLOW % "" + f"  - wait: 1s\n  - cut: {LINK}\n  - wait: 950ms\n")
    played.play()
    assert sent(played, 2) == near(*(n / 10 for n in range(20)))
    assert len(played.seen(Received)) == 20
    assert notes(played)[2] == "20 sent; asked 10/s, reached 10/s"
    assert played.lab.closed == ["step-2", "tk"]


def test_traffic_ends_when_it_is_told_to(tmp_path: Path) -> None:
    told = "  - end-traffic: {name: ticks}\n  - wait: 1s\n"
    played = Played(tmp_path, FLOW % "" + "  - wait: 450ms\n" + told)
    played.play()
    assert sent(played, 1) == near(0.0, 0.1, 0.2, 0.3, 0.4)
    assert [each.step for each in played.seen(StepEnded)] == [2, 1, 3, 4]


def test_traffic_with_a_duration_takes_it_whatever_comes_after(tmp_path: Path) -> None:
    played = Played(tmp_path, FLOW % ", duration: 1s")
    played.play()
    assert sent(played, 1) == near(*(n / 10 for n in range(10)))


def test_two_flows_share_nothing_but_the_time(tmp_path: Path) -> None:
    other = (FLOW % "").replace("ticks", "tocks").replace("10/s", "3/s")
    played = Played(tmp_path, FLOW % "" + other + "  - wait: 1.05s\n")
    played.play()
    assert (len(sent(played, 1)), len(sent(played, 2))) == (11, 4)
    assert len(played.seen(Acknowledged)) == 15


def test_being_late_once_is_made_good(tmp_path: Path) -> None:
    def slow_at_third(client: KeptClient, message: Outgoing) -> None:
        if message.id == "1-3":
            client.lab.clock.sleep(0.35)

    publish = "  - publish: {broker: tokyo, over: stomp, topic: a, count: 10, rate: 10/s}\n"
    played = Played(tmp_path, publish, lambda lab: setattr(lab, "on_publish", slow_at_third))
    played.play()
    assert sent(played, 1) == near(0, 0.1, 0.2, 0.55, 0.55, 0.55, 0.6, 0.7, 0.8, 0.9)
    (paced,) = played.seen(Paced)
    assert paced.held and paced.reached_per_s == pytest.approx(10, rel=1e-3)


def test_a_rate_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    def slow(client: KeptClient, message: Outgoing) -> None:
        client.lab.clock.sleep(0.25)

    played = Played(tmp_path, FLOW % ", duration: 2s", lambda lab: setattr(lab, "on_publish", slow))
    played.play()
    (paced,) = played.seen(Paced)
    assert not paced.held
    assert (paced.asked_per_s, paced.reached_per_s) == (10, pytest.approx(4, rel=1e-3))
    assert notes(played)[1] == "8 sent; asked 10/s, reached 4/s: the rate could not be held"
    assert not played.seen(StepEnded)[0].ok


def test_steps_at_once_begin_at_once_and_end_with_the_last(tmp_path: Path) -> None:
    inner = "  - together:\n      - wait: 3s\n      - wait: 1s\n      - {at: 2s, wait: 2s}\n  - wait: 1s\n"
    played = Played(tmp_path, inner)
    played.play()
    began = [(each.step, round(each.t, 3), each.place) for each in played.seen(StepStarted)]
    assert began == [(1, 0, ""), (2, 0, "1.1"), (3, 0, "1.2"), (4, 2, "1.3"), (5, 4, "2")]
    ended = [(each.step, round(each.t, 3)) for each in played.seen(StepEnded)]
    assert ended == [(3, 1), (2, 3), (4, 4), (1, 4), (5, 5)]


def test_a_step_after_its_moment_says_how_late_it_is(tmp_path: Path) -> None:
    silent = "  - publish: {broker: tokyo, over: stomp, topic: a}\n  - {at: 2s, wait: 1s}\n"
    played = Played(tmp_path, silent, frozen_once_it_is_sent_to)
    played.play()
    started = played.seen(StepStarted)[1]
    assert (started.due, started.t) == (2, pytest.approx(30, abs=0.1))
    assert notes(played)[2] == "it began 28 s late"


def test_rounds_of_a_repeat_have_numbers_of_their_own(tmp_path: Path) -> None:
    publish = "publish: {broker: tokyo, over: stomp, topic: a, count: 2}"
    again = f"  - repeat: {{times: 2, steps: [{{{publish}}}, {{wait: 1s}}]}}\n  - {publish}\n"
    played = Played(tmp_path, again)
    played.play()
    assert [each.id for each in played.seen(Sent)] == ["2-1", "2-2", "4-1", "4-2", "6-1", "6-2"]
    places = [each.place for each in played.seen(StepStarted)]
    assert places == ["", "1.1 round 1", "1.2 round 1", "1.1 round 2", "1.2 round 2", "2"]


def test_flapping_cuts_and_heals_in_turns(tmp_path: Path) -> None:
    played = Played(tmp_path, "  - flap: {link: tokyo-singapore, leaving: tokyo, times: 2, down: 1s, up: 3s}\n")
    played.play()
    assert [(round(each.t, 3), each.state) for each in played.seen(LinkChanged)] == [
        (0, "cut"), (1, "open"), (4, "cut"), (5, "open"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "note"),
    [
        ("{until: received, client: tk, count: 3, within: 2s}", "within 2s: tk has received 0 of 3"),
        ("{until: demand, broker: singapore, topic: b, within: 2s}", "within 2s: singapore has no demand for it"),
        ("{until: queue-empty, broker: tokyo, queue: q, within: 2s}", "within 2s: 7 wait there"),
        (
            "{until: bridge-up, connector: connector_tokyo_to_singapore, within: 500ms}",
            "within 500ms: it is up at both ends, but not for long enough",
        ),
    ],
)
def test_what_does_not_come_is_said_and_the_replay_goes_on(tmp_path: Path, condition: str, note: str) -> None:
    waiting = "  - publish: {broker: tokyo, over: stomp, queue: q, count: 7}\n"
    again = "".join(
        f"  - connector: {{broker: tokyo, name: connector_tokyo_to_singapore, do: {do}}}\n" for do in ("stop", "start")
    )
    comes = "  - wait: {until: demand, broker: singapore, topic: a}\n"  # by the bridge that is up again
    played = Played(tmp_path, f"{HEARD}{waiting}{again}{comes}  - wait: {condition}\n")
    played.play()
    assert notes(played)[6] == f"it did not come {note}"
    assert [each.ok for each in played.seen(StepEnded)] == [True] * 5 + [False]
    assert played.seen(Ended)[-1].complete


def test_a_bridge_that_stands_is_up(tmp_path: Path) -> None:
    until = "{until: bridge-up, connector: connector_tokyo_to_singapore, within: 5s}"
    played = Played(tmp_path, f"  - wait: 1s\n  - wait: {until}\n")
    played.play()
    assert [(each.ok, round(each.t, 3)) for each in played.seen(StepEnded)] == [(True, 1), (True, 1)]


def test_an_error_in_one_of_several_steps_ends_the_replay_and_all_of_them(tmp_path: Path) -> None:
    def break_at_fifth(client: KeptClient, message: Outgoing) -> None:
        if message.id == "1-5":
            client.events.broke(ZeroDivisionError("a bug"))

    steps = FLOW % "" + "  - together: [{wait: 1h}, {wait: 2h}]\n"
    played = Played(tmp_path, steps, lambda lab: setattr(lab, "on_publish", break_at_fifth))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        played.play()
    assert played.seen(Ended)[-1].t == pytest.approx(0.4, abs=0.05)
    assert played.lab.closed == ["step-1"]


def test_an_interruption_ends_what_goes_on_in_the_background(tmp_path: Path) -> None:
    class Interrupted(SpoiltLab):
        def change_link(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            raise KeyboardInterrupt

    steps = FLOW % "" + f"  - wait: 1s\n  - cut: {LINK}\n"
    played = Played(tmp_path, steps, kind=Interrupted)
    with pytest.raises(KeyboardInterrupt):
        played.play()
    assert played.lab.closed == ["step-1"]
    assert played.seen(Ended)[-1].t == pytest.approx(1, abs=0.05)
    assert isinstance(played.recorder.observations[-1], Ended)


def test_a_sender_that_hangs_has_its_connection_closed(tmp_path: Path) -> None:
    def hang(client: KeptClient, message: Outgoing) -> None:
        client.lab.clock.wait(lambda: client.closed, 3600)

    class Interrupted(SpoiltLab):
        def change_link(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            raise KeyboardInterrupt

    def spoil(lab: SpoiltLab) -> None:
        lab.on_publish = hang

    played = Played(tmp_path, FLOW % "" + f"  - wait: 1s\n  - cut: {LINK}\n", spoil, kind=Interrupted)
    with pytest.raises(KeyboardInterrupt):
        played.play()
    assert played.seen(Ended)[-1].t == pytest.approx(2, abs=0.05)


def test_the_same_seed_gives_the_same_history_and_another_one_another(tmp_path: Path) -> None:
    def history(seed: int) -> str:
        flow = FLOW % ", spread: exponential, duration: 10s"
        played = Played(tmp_path, HEARD + flow + "  - wait: 4s\nseed: " + f"{seed}\n")
        played.play()
        return "".join(map(line, played.recorder.observations))

    assert history(1) == history(1)
    assert history(1) != history(2)


def test_random_intervals_are_of_the_rate_on_average(tmp_path: Path) -> None:
    played = Played(tmp_path, FLOW % ", spread: exponential, duration: 200s")
    played.play()
    moments = sent(played, 1)
    gaps = [after - before for before, after in pairwise(moments)]
    assert len(moments) == pytest.approx(2000, rel=0.1)
    assert min(gaps) < 0.01 and max(gaps) > 0.3
    (paced,) = played.seen(Paced)
    assert paced.held and paced.drawn_per_s == paced.reached_per_s != paced.asked_per_s


@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize(
    ("interval", "until"), [(0.1, 1.1), (0.1, 0.3), (0.02, 7.0), (1.0, 1.0), (1.0, 0.5), (0.3, 10.0)]
)
def test_what_is_asked_of_traffic_is_what_is_due_in_its_time(interval: float, until: float, exponential: bool) -> None:
    pace = Pace(interval=interval, until=until, exponential=exponential)
    assert pace.number(7, 3) == len(list(pace.dues(7, 3)))
