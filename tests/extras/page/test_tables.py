"""Polls as values → the tables and the map's states: nothing is shown that the lab does not know."""

from __future__ import annotations

from dataclasses import replace

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.extras.page.acts import Act, command, verbs
from lab.extras.page.parts import Maps, broker_state, parts
from lab.extras.page.tables import MOST_QUEUES, Row, Sight, Table, tables
from lab.link.impairment import Impairment, LinkState, Setting
from lab.living.polls import Look
from lab.plan.planning import plan
from lab.runtime.status import BrokerStatus, DirectionNow
from tests.extras.page.looks import BEFORE, NOW, counted

CUT = DirectionNow(link="tokyo-singapore", leaving="singapore", reaching="tokyo", setting=Setting(state=LinkState.CUT))
LOSSY = DirectionNow(
    link="tokyo-singapore", leaving="tokyo", reaching="singapore", setting=Setting(impairment=Impairment(loss=0.01))
)
SILENT = BrokerStatus(name="singapore", container="running", health="unhealthy", version=None, memory=2**20)


def sight(now: Look = NOW, *, answered: dict[str, float] | None = None) -> Sight:
    return Sight(now=now, before=BEFORE, ways=(LOSSY, CUT), answered={"tokyo": now.t, **(answered or {})})


def with_silent(now: Look = NOW) -> Look:
    tokyo, _ = now.status.brokers
    bridges = tuple(replace(each, up=False, why_not="singapore does not answer") for each in now.status.bridges)
    return replace(now, status=replace(now.status, brokers=(tokyo, SILENT), bridges=bridges))


def named(name: str, shown: Sight) -> Table:
    return next(table for table in tables(shown) if table.name == name)


def row(table: Table, key: str) -> Row:
    return next(row for row in table.rows if row.key == key)


def states(now: Look, kind: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    ways = (LOSSY, CUT)
    stage = Maps().drawn(now.status.note.plan, ways).stage
    return {part.names: part.state for part in parts(now, ways, stage) if part.kind == kind}


def test_a_broker_that_does_not_answer_is_unknown_with_the_age_of_its_last_answer() -> None:
    now = with_silent()
    silent = row(named("Brokers", sight(now, answered={"singapore": now.t - 30})), "singapore")
    assert (silent.cells[2], silent.cells[3], silent.tone, silent.age) == ("no answer", "not known", "unknown", 30.0)
    assert row(named("Brokers", sight(now)), "singapore").age is None
    assert states(now, "broker")["singapore",][:2] == ("unknown", "no answer")
    assert states(now, "broker")["tokyo",][:2] == ("well", "running")


def test_an_end_at_a_broker_that_does_not_answer_is_unknown_not_down() -> None:
    table = named("Bridges", sight(with_silent()))
    bridge = row(table, "ocean tokyo singapore")
    assert bridge.cells[2] == "down at tokyo, unknown at singapore: singapore does not answer"
    assert (bridge.tone, bridge.age) == ("unknown", None)


def test_a_broker_that_has_exited_is_down_and_offers_its_start_alone() -> None:
    exited = row(named("Brokers", sight()), "singapore")
    assert (exited.cells[2], exited.tone, exited.age) == ("exited", "down", 0.0)
    assert [offer.label for offer in exited.offers] == ["start"]
    offers = row(named("Brokers", sight()), "tokyo").offers
    assert [offer.label for offer in offers] == ["stop", "kill", "reboot"]
    assert all(offer.to_dict("r")["asks"] for offer in offers)


def test_a_cut_is_on_the_link_and_in_the_row_of_its_direction() -> None:
    (link,) = states(NOW, "link").values()
    assert link == (
        "shut", "tokyo → singapore delay 0ms, loss 1%; singapore → tokyo cut", "worse", "shut", "cut one way"
    )  # fmt: skip
    rows = named("Links", sight()).rows
    assert [(each.cells[0], each.cells[1], each.tone) for each in rows] == [
        ("tokyo → singapore", "open", "well"),
        ("singapore → tokyo", "cut", "down"),
    ]
    assert rows[0].cells[2:] == ("delay 0ms, loss 1%", "35.1 ms, p99 36 ms since the start", "40.0/s")
    assert rows[1].cells[3] == "nothing measured yet"


def test_without_a_router_nothing_is_said_of_a_link() -> None:
    now = replace(NOW, status=replace(NOW.status, links=()))
    (link,) = named("Links", Sight(now=now)).rows
    assert (link.cells[1], link.tone, link.age) == ("the router does not run", "unknown", None)
    stage = Maps().drawn(now.status.note.plan, ()).stage
    (state,) = (part.state for part in parts(now, (), stage) if part.kind == "link")
    assert state == ("unknown", "not known", "unknown", "unknown", "not known")


def test_rates_are_between_two_polls_and_not_known_at_the_first() -> None:
    assert row(named("Bridges", sight()), "ocean tokyo singapore").cells[3] == "12.5/s, 0.0/s"
    assert row(named("Bridges", Sight(now=NOW)), "ocean tokyo singapore").cells[3] == "–/s, –/s"
    queue = row(named("Queues", sight()), "tokyo queue://orders")
    assert queue.cells == ("orders", "tokyo", "17", "12.5/s", "6.5/s", "1", "")


def test_of_many_queues_those_with_most_messages_are_shown_and_the_rest_is_counted() -> None:
    many = tuple(counted("destination", "tokyo", f"queue://q{n:04}", queued=n) for n in range(MOST_QUEUES + 7))
    table = named("Queues", sight(replace(NOW, counted=many)))
    assert (len(table.rows), table.rows[0].cells[2], table.note) == (MOST_QUEUES, "106", "7 more queues are not shown")


def test_a_pair_names_its_active_instance_and_one_that_is_away() -> None:
    its = plan(load(shipped("scenarios") / "failover.yaml", environment={}).topology, seed=7)
    pair = its.broker("singapore")

    def instance(number: int, role: str, container: str = "running") -> BrokerStatus:
        version = "5.18.3" if role == "active" else None
        name = pair.instances[number - 1].name
        return BrokerStatus(name=name, container=container, health="healthy", version=version, memory=None, role=role)

    assert broker_state(pair, [instance(1, "active"), instance(2, "standby")]) == ("well", "instance 1 active")
    away = [instance(1, "", "exited"), instance(2, "active")]
    assert broker_state(pair, away) == ("well", "instance 2 active, 1 exited")
    assert broker_state(pair, [instance(1, "", "exited"), instance(2, "standby")])[0] == "unknown"


def test_commands_quote_the_names_and_texts_of_strangers() -> None:
    def line(**fields: str) -> str:
        return command("run-1", Act.of(fields))

    body = "it's $(rm -rf /) `x`"
    quoted = """'it'"'"'s $(rm -rf /) `x`'"""
    assert (
        line(act="publish", broker="tokyo", kind="queue", name="q", body=body)
        == f"mqlab publish tokyo {quoted} --queue q --run run-1"
    )
    assert (
        line(act="publish", broker="tokyo", kind="topic", name="t", body="-n")
        == "mqlab publish --topic t --run run-1 -- tokyo -n"
    )
    assert line(act="kill", broker="t", instance="2") == "mqlab broker kill t --instance 2 --run run-1"
    assert line(act="connector", broker="t", name="c", do="stop") == "mqlab connector stop t c --run run-1"


def test_a_delay_of_directions_that_differ_is_two_verbs() -> None:
    ways = (LOSSY, replace(CUT, setting=Setting()))
    done = verbs(Act.of({"act": "delay", "link": "tokyo-singapore", "ms": "0"}), ways)
    assert [verb.words() for verb in done] == [
        "impair link tokyo-singapore leaving tokyo: delay 0ms, loss 1%",
        "impair link tokyo-singapore leaving singapore: delay 0ms",
    ]
