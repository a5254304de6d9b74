"""The article's walk by commands alone, on a lab that stands: a broker is created, joined step by step, and deleted."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.base.shipped import shipped
from tests.command import Commands, Ended
from tests.docs.pages import blocks
from tests.integration.labs import Engine, eventually, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]

JOINED = shipped("scenarios") / "configurations" / "tokyo.xml"
PASSWORD = "second-in-Singapore"
APART = Path(__file__).parent / "scenarios" / "apart.yaml"


def test_two_brokers_are_joined_by_commands_alone(mqlab: Commands, engine: Engine) -> None:
    up = mqlab.start("up", APART)
    try:
        mqlab.wait_said(up, "The lab is up")
        run = mqlab.latest.name
        assert created_though_its_command_is_killed(mqlab, engine) == ["CREATION_IN_PROGRESS", "RUNNING"]
        assert status(mqlab)["bridges"] == [], "the service's default configuration has no connector"
        saved = done(
            mqlab.inside("config", "update", "tokyo-configuration", JOINED, "--description", "to Singapore", "--json")
        )
        assert (saved.json["latestRevision"]["revision"], saved.json["warnings"]) == (2, [])
        pending = done(mqlab.inside("broker", "update", "tokyo", "--revision", "2", "--json")).json["configurations"]
        assert (pending["current"]["revision"], pending["pending"]["revision"]) == (1, 2)
        done(mqlab.inside("peering", "create", "pcx", "--requester", "tokyo", "--accepter", "singapore"))
        assert done(mqlab.inside("peering", "accept", "pcx", "--json")).json["Status"] == {"Code": "active"}
        for table, to in (("rtb-tokyo", "10.2.0.0/16"), ("rtb-singapore", "10.1.0.0/16")):
            routed = ("route", "create", table, "--destination-cidr-block", to, "--peering", "pcx", "--json")
            assert done(mqlab.inside(*routed)).json[0]["Routes"][1]["State"] == "active"
        allowed = ("sg", "authorize", "sg-singapore", "--port", "61617", "--cidr", "10.1.0.10/32")
        done(mqlab.inside(*allowed))
        again = mqlab.inside(*allowed)
        assert (again.code, "InvalidPermission.Duplicate" in again.err) == (2, True)
        made = done(mqlab.inside("user", "create", "singapore", "second", "--password-env", "SECOND", SECOND=PASSWORD))
        assert "CREATE waits for a reboot" in made.out and PASSWORD not in made.out + made.err
        # It would stay down until it is killed; whoever ends it for the killed one does not wait so long.
        by_hand = ("broker", "update", "tokyo", "--revision", "2", "--apply", "immediately", "--downtime", "10m")
        reboot = mqlab.start(*by_hand)
        assert eventually(lambda: "REBOOT_IN_PROGRESS" in mqlab.inside("broker", "list").out, 60)
        reboot.kill()
        reboot.wait()
        done(mqlab.inside("broker", "reboot", "singapore"))  # ends the other's reboot first
        assert {(each["brokerState"], str(each["users"])) for each in status(mqlab)["service"]} == {
            ("RUNNING", "[{'username': 'testuser'}]"),
            ("RUNNING", "[{'username': 'testuser'}, {'username': 'second'}]"),
        }
        assert eventually(lambda: status(mqlab)["bridges"][0]["up"], 90)
        (bridge,) = status(mqlab)["bridges"]
        ends = {end["broker"]: end["created_by_duplex"] for end in bridge["ends"]}
        assert ends == {"tokyo": False, "singapore": True}
        told = a_program_says(mqlab, "attach")
        assert told.splitlines() == [f"{run} RUNNING", "connector_tokyo_to_singapore up"]
        a_program_and_commands_see_what_the_other_does(mqlab)
        a_window_is_attended_to_while_nobody_is_at_work(mqlab)
        nothing_is_left_of_a_deleted_broker(mqlab)
    finally:
        ended = mqlab("down")
        stood = mqlab.end_of(up)
    assert ended.code == 0, ended
    assert (stood.code, "another command has ended the lab" in stood.err) == (0, True), stood
    assert left_of(engine.client, run) == [] and list(mqlab.state.iterdir()) == []


def created_though_its_command_is_killed(mqlab: Commands, engine: Engine) -> list[str]:
    """Create Singapore's broker, and give the states it has: before its command is killed, and after the next one."""
    assert {each["name"]: each["container"] for each in status(mqlab)["broker_status"]} == {
        "tokyo": "running",
        "singapore": "not created yet",
    }
    assert "singapore" not in done(mqlab.inside("broker", "list")).out + done(mqlab.inside("sg", "list")).out.replace(
        "-singapore", ""
    )
    refused(mqlab.inside("broker", "create", "rome"), "declares no broker rome", "still to be created: singapore")
    refused(mqlab.inside("broker", "create", "tokyo"), "a broker named tokyo exists already (ConflictException)")
    refused(mqlab.inside("user", "list", "singapore"), "NotFoundException")
    creating = mqlab.start("broker", "create", "singapore")
    its = engine.client.containers.get(f"mqlab-{mqlab.latest.name}-singapore")
    assert eventually(lambda: its.reload() or its.status == "running", 60)  # for seconds before it listens
    creating.send_signal(signal.SIGSTOP)  # it has its turn still, so nobody ends the creation for it
    states = [done(mqlab.inside("broker", "describe", "singapore", "--json")).json["brokerState"]]
    creating.kill()
    creating.wait()
    healed = done(mqlab.inside("link", "heal"))  # whatever it is: `up` has ended the creation, or this does so first
    assert (mqlab.said("up", APART) + healed.err).count("✔ end the creation of singapore that was interrupted") == 1
    return [*states, done(mqlab.inside("broker", "describe", "singapore", "--json")).json["brokerState"]]


def a_window_is_attended_to_while_nobody_is_at_work(mqlab: Commands) -> None:
    """Let a change wait, and move the lab's clock to the window: it is `up`, in the foreground, that reboots."""
    waits = done(mqlab.inside("user", "update", "singapore", "second", "--group", "writers"))
    assert "UPDATE waits for a reboot" in waits.out
    clock = done(mqlab.inside("clock", "--before", "singapore", "--by", "2s", "--json")).json
    assert [each["pending"] for each in clock["windows"] if each["broker"] == "singapore"] == [True]
    said = "✔ reboot singapore, whose maintenance window has opened"
    assert eventually(lambda: said in mqlab.said("up", APART), 90), mqlab.said("up", APART)
    (second,) = [user for user in status_of("singapore", mqlab)["users"] if user["username"] == "second"]
    assert second == {"username": "second"}, "nothing of it waits"
    done(mqlab.inside("link", "heal"))
    assert mqlab.said("up", APART).count(said) == 1, "and nobody does it again"


def a_program_says(mqlab: Commands, name: str) -> str:
    """Run a program that the page about Python shows, and give what it prints."""
    (block,) = blocks("python", name)
    process = mqlab.program(block.text)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    return out


def a_program_and_commands_see_what_the_other_does(mqlab: Commands) -> None:
    with labs.attach(environment=mqlab.environment()) as lab:
        lab.create_user("tokyo", "third", PASSWORD)
        assert "third, CREATE waits for a reboot" in done(mqlab.inside("user", "list", "tokyo")).out
        done(mqlab.inside("user", "delete", "tokyo", "third"))
        assert [user.name for user in lab.account.broker("tokyo").users] == ["testuser"]
        done(mqlab.inside("link", "impair", "--delay", "7ms"))
        assert {way.impairment for way in lab.links()} == {"delay 7ms"}
        lab.impair(delay="5ms")
        assert "delay 5ms" in done(mqlab.inside("link", "list")).out
        second = lab.connect("singapore", user="second")  # made by a command, with a password that it alone was told
        tokyo = lab.connect("tokyo", over="stomp")
        second.subscribe(topic="greetings.*")
        lab.wait(lambda: lab.demand("tokyo", topic="greetings.morning"), within=90)
        tokyo.publish("good morning", topic="greetings.morning")
        assert second.receive(within=60).body == b"good morning"
        reached = lab.endpoint("tokyo", "amqp")
        assert (reached.host, reached.user) == ("127.0.0.1", "testuser") and PASSWORD not in repr(reached)
        assert any("is starting" in line for line in lab.logs("tokyo"))
    refused(mqlab.inside("broker", "create", "singapore"), "ConflictException")  # the lab goes on


def nothing_is_left_of_a_deleted_broker(mqlab: Commands) -> None:
    its = done(mqlab.inside("broker", "describe", "singapore", "--json")).json
    assert done(mqlab.inside("broker", "delete", "singapore", "--json")).json == {"brokerId": its["brokerId"]}
    assert [each["brokerName"] for each in done(mqlab.inside("broker", "list", "--json")).json] == ["tokyo"]
    seen = status(mqlab)
    assert [*seen["brokers"]] == [each["name"] for each in seen["broker_status"]] == ["tokyo"]
    (bridge,) = seen["bridges"]
    assert (bridge["up"], bridge["why_not"]) == (False, "singapore is deleted")
    assert "singapore-configuration: ActiveMQ 5.18, used by no broker" in done(mqlab.inside("config", "list")).out
    refused(mqlab.inside("broker", "delete", "singapore"), "NotFoundException")
    refused(
        mqlab.inside("broker", "create", "singapore"), "singapore was deleted, and a lab creates each broker only once"
    )
    assert "is starting" in (mqlab.latest / "logs" / "singapore.log").read_text()


def refused(ended: Ended, *words: str) -> None:
    assert ended.code == 2 and all(each in ended.err for each in words), ended


def done(ended: Ended) -> Ended:
    assert ended.code == 0, ended
    return ended


def status_of(broker: str, mqlab: Commands) -> Any:
    return done(mqlab.inside("broker", "describe", broker, "--json")).json


def status(mqlab: Commands) -> Any:
    (lab,) = done(mqlab.inside("status", "--json")).json
    return lab
