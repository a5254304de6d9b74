"""What programs did in a running lab, as a scenario that does the same; what cannot be a step is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab import labs
from lab.check.scenarios import load_named
from lab.errors import InputError
from lab.extras.transcript.making import transcript
from lab.history import (
    ConnectionSeen,
    Ended,
    Forgotten,
    Header,
    MessageSeen,
    Observation,
    Publishing,
    Received,
    StepEnded,
    StepStarted,
    Subscribed,
    read,
)
from lab.history.checksum import Checksum
from lab.history.writing import header_line, line
from lab.living.lab import Live
from tests.extras.transcript.again import history_of, run, steps, written

XML = '<broker xmlns="http://activemq.apache.org/schema/core"/>\n'
DECLARED = load_named("tokyo-singapore", {}).declared() | {"steps": []}
HEADER = Header(
    run="20260101-101010-aaaaaa",
    scenario="by hand",
    seed=1,
    runtime="emulation",
    started="2026-01-01T10:10:10.000+00:00",
    declared=DECLARED,
    mqlab="0.1.0",
    standing=True,
)
END = Ended(t=99.0, complete=True, note="the lab was ended")


def by_hand(folder: Path, does: Callable[[Live], None]) -> Path:
    """Return the history of a simulated lab in which a program did something."""
    with labs.up("tokyo-singapore", runtime="simulation", runs=folder / "hand", environment={}) as lab:
        lab.lab.clock.sleep(12)
        does(lab)
    return history_of(folder / "hand")


def kept(folder: Path, *observations: Observation, header: Header = HEADER) -> Path:
    """Return the file of a history with its checksum."""
    path, checksum = folder / "history.jsonl", Checksum()
    octets = header_line(header).encode() + b"".join(line(each).encode() for each in observations)
    *others, last = octets.splitlines(keepends=True)
    if observations and isinstance(observations[-1], Ended):
        for each in others:
            checksum.add(each)
        last = checksum.closed(line(checksum.on(observations[-1])).encode())
    path.write_bytes(b"".join((*others, last)))
    return path


def act_like_a_person(lab: Live) -> None:
    with lab.connect("singapore", over="stomp", name="ware house") as ear, lab.connect("tokyo", over="stomp") as desk:
        ear.subscribe(queue="orders", ack="client-individual")
        lab.mark("before\nthe cut: {")
        for n in range(5):
            desk.publish(f"order {n}", queue="orders", headers={"colour": 'red: }{"', "password": "geheim-123456"})
        lab.lab.clock.sleep(1)
        lab.cut()
        desk.publish(b"x" * 500, queue="orders")
        lab.lab.clock.sleep(5)
        lab.heal()
        for _ in range(6):
            ear.acknowledge(ear.receive(within=60))
    lab.impair(delay="80ms", loss="1%")
    lab.create_user("tokyo", "audit", "over-the-ocean-1858", groups=["readers"])
    lab.update_configuration("tokyo-configuration", XML)
    lab.update_broker("tokyo", revision=1)
    lab.snapshot("half-way")
    lab.reboot("tokyo")
    lab.kill("singapore")
    lab.lab.clock.sleep(2)
    lab.start("singapore")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return by_hand(tmp_path_factory.mktemp("hand"), act_like_a_person)


def test_what_a_program_did_becomes_a_scenario_that_does_the_same(history: Path, tmp_path: Path) -> None:
    files = written(history, tmp_path)
    run(tmp_path / "again.yaml", tmp_path / "again")
    done = history_of(tmp_path / "again")
    verbs = [verb for verb, _ in steps(done)]
    assert verbs == [
        *("subscribe", "publish", "cut", "publish", "heal", "consume", "consume", "unsubscribe", "impair"),
        *("create-user", "update-configuration", "update-broker", "snapshot", "reboot", "kill", "start"),
    ]
    assert all(each.ok for each in read(done).observations if isinstance(each, StepEnded))
    assert files.texts["again-configurations/tokyo-configuration.xml"] == XML
    assert "over-the-ocean-1858" not in "".join(files.texts.values())


def test_steps_count_from_the_first_act_and_keep_their_distance(history: Path, tmp_path: Path) -> None:
    written(history, tmp_path)
    run(tmp_path / "again.yaml", tmp_path / "again")
    by_verb = dict(steps(history_of(tmp_path / "again")))
    before = dict(steps(history))
    begin = next(each.t for each in read(history).observations if isinstance(each, Subscribed))
    for verb in ("heal", "kill", "start"):
        assert by_verb[verb] == pytest.approx(before[verb] - begin, abs=0.05)


def test_what_a_history_does_not_have_is_told(history: Path, tmp_path: Path) -> None:
    files = written(history, tmp_path)
    text = files.texts["again.yaml"]
    for part in ("the bodies of messages to queue://orders", "the header password", "passwords are not in a history"):
        assert any(part in each for each in files.warnings)
        assert part in text
    assert "geheim" not in text
    assert "mark before the cut: {" in text
    assert not any("mark" in each for each in files.warnings)


def test_the_shipped_topology_is_named_where_it_is_the_same(history: Path, tmp_path: Path) -> None:
    assert set(written(history, tmp_path).texts) == {"again.yaml", "again-configurations/tokyo-configuration.xml"}
    other = by_set(tmp_path)
    files = written(other, tmp_path)
    assert {"again.yaml", "again-topology.yaml", "again-configurations/tokyo.xml"} == set(files.texts)
    assert "delay: 70ms" in files.texts["again-topology.yaml"]
    assert load_named(str(tmp_path / "again.yaml"), {}).topology.links[0].name == "tokyo-singapore"


def by_set(folder: Path) -> Path:
    """Return the history of a lab whose link is another one than the shipped topology's."""
    delay = {"links.tokyo-singapore.delay": "70ms"}
    runs = folder / "set"
    with labs.up("tokyo-singapore", runtime="simulation", runs=runs, set=delay, environment={}) as lab:
        lab.cut()
    return history_of(runs)


def test_what_began_during_a_reboot_is_done_during_it_again(tmp_path: Path) -> None:
    begun = StepStarted(t=20.0, step=1, verb="reboot", asked="reboot broker tokyo", fields={"broker": "tokyo"})
    mean = StepStarted(t=22.5, step=2, verb="cut", asked="cut link a-b", fields={"link": "tokyo-singapore"})
    path = kept(tmp_path, begun, mean, StepEnded(t=22.6, step=2), StepEnded(t=30.0, step=1), END)
    text = written(path, tmp_path).texts["again.yaml"]
    assert load_named(str(tmp_path / "again.yaml"), {}).steps[0].verb == "together"
    assert "- {at: 2.5s, cut: {link: tokyo-singapore}}" in text


def test_a_broker_that_was_named_by_its_id_has_its_name(tmp_path: Path) -> None:
    fields = {"broker": "b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5"}
    kill = StepStarted(t=2.0, step=1, verb="kill", asked="kill broker b-7c1de7a0", fields=fields)
    written(kept(tmp_path, kill, StepEnded(t=3.0, step=1), END), tmp_path)
    assert load_named(str(tmp_path / "again.yaml"), {}).steps[0].words() == "kill broker singapore"


def test_a_verb_that_failed_or_did_not_end_is_a_comment(tmp_path: Path) -> None:
    stop = StepStarted(t=2.0, step=1, verb="stop", asked="stop broker tokyo", fields={"broker": "tokyo"})
    lost = StepStarted(t=4.0, step=2, verb="cut", asked="cut link tokyo-singapore", fields={"link": "tokyo-singapore"})
    early = StepStarted(t=5.0, step=3, verb="heal", asked="heal link tokyo-singapore")
    ended = StepEnded(t=3.0, step=1, ok=False, note="it had to be killed")
    path = kept(tmp_path, stop, ended, lost, early, StepEnded(t=5.0, step=3), END)
    files = written(path, tmp_path)
    assert files.warnings == (
        "2.000 s: stop broker tokyo: it was not done as asked: it had to be killed; omitted",
        "4.000 s: cut link tokyo-singapore: it had not ended when the history ends; omitted",
        "5.000 s: heal link tokyo-singapore: an earlier mqlab wrote no fields of a verb; omitted",
    )
    assert all(f"# {each}\n" in files.texts["again.yaml"] for each in files.warnings)
    assert load_named(str(tmp_path / "again.yaml"), {}).steps == ()


def test_messages_of_an_application_are_told(tmp_path: Path) -> None:
    seen = [
        ConnectionSeen(t=1.0, broker="tokyo", connection="c1", state="connected", client_id="shop"),
        *(
            MessageSeen(t=2.0, broker="tokyo", event="sent", message=f"m{n}", destination="queue://q", client_id="shop")
            for n in range(3)
        ),
        Subscribed(t=3.0, client="ear", broker="tokyo", over="stomp", destination="queue://q", step=1),
        Received(t=4.0, client="ear", destination="queue://q", digest="0123"),
    ]
    warnings = written(kept(tmp_path, *seen, END), tmp_path).warnings
    assert (
        "3 messages of the application with the client id shop to queue://q at tokyo: the lab did not send them"
        in warnings
    )
    assert "1 message of queue://q at ear: the lab did not send them" in warnings


def test_a_history_that_is_cut_or_has_no_end_is_told(tmp_path: Path) -> None:
    cut = StepStarted(t=9.0, step=1, verb="cut", asked="cut link tokyo-singapore", fields={"link": "tokyo-singapore"})
    path = kept(tmp_path, Forgotten(t=8.0, of="everything", until=7.0, lines=3), cut, StepEnded(t=9.5, step=1))
    assert written(path, tmp_path).warnings == (
        "7.000 s: the history is cut: it lacks everything up to 7.000 s",
        "the history ends at 9.500 s: the lab was still running, or was killed: later actions are missing",
    )
    assert [each.verb for each in load_named(str(tmp_path / "again.yaml"), {}).steps] == ["cut"]


def test_a_damaged_history_is_refused(tmp_path: Path) -> None:
    path = kept(tmp_path, END)
    path.write_bytes(path.read_bytes().replace(b'"seed":1', b'"seed":2'))
    with pytest.raises(InputError, match="the history is damaged"):
        transcript(path)


def test_a_history_without_its_topology_is_refused(tmp_path: Path) -> None:
    declared = {**DECLARED, "topology": {"topology": "half", "brokers": {"tokyo": {}}}}
    path = kept(tmp_path, END, header=_with(declared))
    with pytest.raises(InputError, match="does not have the whole topology"):
        written(path, tmp_path)


def test_fields_of_any_kind_are_refused_and_a_moment_that_no_run_has(tmp_path: Path) -> None:
    for fields in ({"broker": ["tokyo"]}, {"broker": {"a": 1}}, {"broker": None, "x": 1e300}, {"link": 7}):
        step = StepStarted(t=2.0, step=1, verb="kill", asked="kill", fields=fields)
        (warning,) = written(kept(tmp_path, step, StepEnded(t=3.0, step=1), END), tmp_path).warnings
        assert "cannot be written as a step" in warning
    cut = StepStarted(t=1.0, step=1, verb="cut", asked="cut", fields={"link": "tokyo-singapore"})
    late = StepStarted(t=9e14, step=2, verb="heal", asked="heal", fields={"link": "tokyo-singapore"})
    path = kept(tmp_path, cut, StepEnded(t=1.0, step=1), late, StepEnded(t=9e14, step=2))
    with pytest.raises(InputError, match="no run is as long"):
        written(path, tmp_path)
    declared = {**DECLARED, "steps": [7, ["cut"], {"cut": 3}, {"at": "1s"}, {"x": {}, "y": {}}]}
    replay = kept(tmp_path, END, header=_with(declared, standing=False))
    assert len(written(replay, tmp_path).warnings) == 3


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    evil = 'x"\n- cut: {link: tokyo-singapore}\n#\u202e\u2028\x85: }'
    seen = [
        Publishing(
            t=1.0,
            step=1,
            client=evil,
            broker="tokyo",
            over="stomp",
            persistent=True,
            destination=f"queue://{evil}",
            body="given",
            headers={"kind": "a: }{ # b"},
        ),
        StepStarted(t=2.0, step=2, verb=evil, asked=evil, fields={"link": evil}),
        StepEnded(t=2.0, step=2, note=evil),
        Subscribed(t=3.0, client=evil, broker=evil, over="stomp", destination=f"queue://{evil}", step=3),
    ]
    written(kept(tmp_path, *seen, END), tmp_path)
    text = (tmp_path / "again.yaml").read_text()
    assert not any(each.strip().startswith("- cut") for each in text.splitlines())
    assert text.isprintable() or all(each.isprintable() for each in text.split("\n"))


def _with(declared: dict[str, object], *, standing: bool = True) -> Header:
    fields = {name: getattr(HEADER, name) for name in HEADER.__struct_fields__}
    return Header(**{**fields, "declared": declared, "standing": standing})
