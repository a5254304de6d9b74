"""The routes of an open lab are those of its declarations, until somebody changes what they rest on."""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.base.shipped import shipped
from lab.check.scenarios import load_named
from lab.living.lab import Live
from lab.living.routes import standing, topology_now
from lab.plan.routing import ANY, Route, routing_table
from lab.plan.routing_text import routes_json

TOPIC, QUEUE = ANY["topic"], ANY["queue"]


def routes(lab: Live, *destinations: str) -> tuple[Route, ...]:
    its = lab.lab
    return routing_table(
        topology_now(its),
        destinations=destinations,
        activemq_version=its.note.plan.activemq_version,
        standing=standing(its, lab.status()),
    )


def told(lab: Live, source: str, target: str, destination: str = TOPIC) -> tuple[str, str]:
    (found,) = (each for each in routes(lab, destination) if (each.source, each.target) == (source, target))
    return str(found.arrival.value), "; ".join(found.stops)


def test_an_open_lab_has_the_routes_that_it_has_now(tmp_path: Path) -> None:
    with labs.up("hub-and-spokes", runtime="simulation", runs=tmp_path, environment={}) as lab:
        assert routes_json(routes(lab)) == routes_json(routing_table(load_named("hub-and-spokes", {}).topology))
        assert told(lab, "virginia", "frankfurt") == ("always", "")

        lab.cut("ireland-germany")
        assert told(lab, "virginia", "frankfurt") == (
            "never",
            "the bridge of frankfurt-topics does not come up: the link ireland-germany is cut",
        )
        lab.heal("ireland-germany")
        assert told(lab, "virginia", "frankfurt") == ("always", "")

        text = lab.account.configuration("virginia-configuration").latest.text
        lab.update_configuration("virginia-configuration", text.replace('networkTTL="2"', 'networkTTL="1"'))
        lab.update_broker("virginia", revision=3)
        assert told(lab, "virginia", "frankfurt") == ("always", "")  # it waits for a reboot
        lab.reboot("virginia")
        assert told(lab, "virginia", "frankfurt") == ("never", 'virginia-topics has networkTTL="1"')

        lab.update_user("frankfurt", "bridge", password="another-of-17-signs")
        lab.reboot("frankfurt")
        assert told(lab, "dublin", "frankfurt", QUEUE) == (
            "never",
            "the bridge of frankfurt-queues does not come up: bridge has another password at dublin than at frankfurt",
        )
        lab.delete_broker("frankfurt")
        assert {name for each in routes(lab) for name in (each.source, each.target)} == {"dublin", "virginia"}


def test_a_broker_that_is_not_created_yet_has_no_bridge(tmp_path: Path) -> None:
    name, later = str(shipped("scenarios") / "topologies" / "hub-and-spokes.yaml"), {"brokers.frankfurt.later": "yes"}
    with labs.up(name, runtime="simulation", runs=tmp_path, environment={}, set=later) as lab:
        declared = routing_table(load_named(name, {}, later).topology)
        assert [each.arrival for each in routes(lab)] == [each.arrival for each in declared]
        assert told(lab, "dublin", "frankfurt") == (
            "never",
            "the bridge of frankfurt-topics does not come up: frankfurt is not created yet",
        )
        lab.create_broker("frankfurt")
        assert told(lab, "dublin", "frankfurt") == ("always", "")
