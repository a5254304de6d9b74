"""The routes of an open lab: by its brokers' present configurations and users, its network, and its present outages.

They are made from the service's records, not from the scenario's declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from pydantic import SecretStr

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.revisions import SavedConfiguration
from lab.amazonmq.identity import DeploymentMode
from lab.declare.topology import Broker, Configuration, Region, Topology, User
from lab.plan.forwarding import Standing
from lab.plan.values import BridgePlan, Plan
from lab.runtime.lab import StandingLab
from lab.runtime.status import Status, shown_cause


def topology_now(lab: StandingLab) -> Topology:
    """Return an open lab as a topology: its brokers that are not deleted, as they run, or are to be created.

    It is for the rules of forwarding: neither addresses nor peerings are in it, which `standing` has.
    """
    plan, account = lab.note.plan, lab.note.control.account
    there = {each.name: (each, account.configuration(each.current.configuration)) for each in account.brokers}
    later = {each.name: (each, its) for each, its in account.later}
    return Topology.model_construct(
        topology=plan.topology,
        regions={each.name: Region.model_construct(aws_region=each.aws_region, vpc=each.vpc) for each in plan.regions},
        brokers={
            each.name: _broker(lab, each.region, *(there | later)[each.name], later=each.name in later)
            for each in plan.brokers
            if each.name in there | later
        },
    )


def standing(lab: StandingLab, status: Status) -> Standing:
    """Return the causes in its network and its status that keep the bridges of an open lab down."""
    plan = lab.note.plan
    pairs = permutations((each.name for each in plan.brokers), 2)
    found = ((pair, _cause(plan, *pair, status)) for pair in pairs)
    return Standing(vpcs=lab.note.control.present, down={pair: words for pair, words in found if words})


def _broker(
    lab: StandingLab, region: str, record: BrokerRecord, configuration: SavedConfiguration, *, later: bool
) -> Broker:
    return Broker.model_construct(
        region=region,
        deployment_mode=DeploymentMode(record.deployment_mode),
        broker_id=record.broker_id,
        engine_version=record.engine_version,
        configuration=Configuration.model_construct(
            file=str(record.current), text=configuration.revision(record.current.revision).text
        ),
        users=_users(lab, record, later=later),
        later=later,
    )


def _users(lab: StandingLab, record: BrokerRecord, *, later: bool) -> Mapping[str, User]:
    """Return the users that a broker knows, with the passwords that two ends of a bridge have to agree in."""
    return {
        each.name: User.model_construct(
            password=SecretStr("") if later else lab.password(record.name, each.name), groups=each.groups
        )
        for each in record.identities
    }


def _cause(plan: Plan, initiator: str, responder: str, status: Status) -> str:
    between = BridgePlan(connector="", initiator=initiator, responder=responder, duplex=False, user="")
    return shown_cause(plan, between, status.brokers, status.links)
