"""A served account whose lab is built by requests: VPCs take the lab's reserved networks, brokers its places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from msgspec import structs
from pydantic import SecretStr

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.identity import DeploymentMode
from lab.base.units import several
from lab.declare.steps.base import Step
from lab.declare.steps.network import CreatePeering
from lab.declare.steps.service import CreateBroker
from lab.errors import LabError
from lab.extras.api import kept_account
from lab.extras.api.call import Call
from lab.extras.api.kept_account import KeptAccount
from lab.extras.api.lab_account import LabAccount, LabCall, Later, with_facts, with_groups
from lab.extras.api.lab_names import names_of, on_the_wire
from lab.extras.api.mq.lookup import bad_request
from lab.extras.api.records import Records
from lab.extras.api.renaming import renamed
from lab.living.beginning import Reach
from lab.living.lab import Live
from lab.network.vpc import Interface
from lab.plan.control import Control
from lab.plan.places import free_network, free_places, with_broker, with_delays, with_vpc
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab
from lab.runtime.runtime import MOST_PLACES, MOST_VPCS, Addition
from lab.runtime.state_file import StateFile

Add = Callable[[StandingLab, Addition], None]


class BuiltAccount(LabAccount):
    """The account of a folder, and the lab that has its brokers. `add` gives the lab a broker."""

    def __init__(
        self,
        live: Live,
        folder: Path,
        kept: KeptAccount,
        *,
        add: Add,
        later: Later,
        reach: Reach | None = None,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Callable[[str], None] = lambda text: None,
        local: bool = False,
    ) -> None:
        super().__init__(live, later=later, reach=reach, machine=machine, log=log, local=local)
        self.folder, self.add, self.kept = folder, add, kept.records
        self._kept, self._writing = kept, Lock()  # verbs end in threads

    @property
    def access_key(self) -> str:
        """Return the id of the only access key that the server accepts."""
        return self._kept.access_key

    def serve(self, call: Call) -> LabCall:
        """Return the account for a call."""
        return BuiltCall(self, call)

    def save(self) -> None:
        """Write the account to its file as it is now, whichever Live changed the lab last."""
        with self._writing:
            _ = self.live.account  # which reads the state file
            self._write(control_of(self.live.lab.note), self.kept)

    def keep(self, records: Records) -> None:
        """Write other records to the account's file, with the lab as the file has it."""
        with self._writing:
            self.kept = records
            self._write(self._kept.control, records)

    def go_on(self, rest: Callable[[], None], action: str) -> None:
        """Do the rest of a verb, and keep the outcome. A lab that is lost leaves the account as it was then."""
        super().go_on(rest, action)
        with suppress(LabError), self.live.moment():  # the lab may have ended meanwhile
            self.save()

    def _write(self, control: Control, records: Records) -> None:
        kept = self._kept.with_state(control, records)
        if kept != self._kept:
            kept_account.save(kept, self.folder)
            self._kept = kept


class BuiltCall(LabCall):
    """The lab during one call, whose network and brokers the call may change."""

    _account: BuiltAccount
    _problem = "is not possible in this form in a lab of brokers"
    _another_version = "create another broker of that engine version: the lab does not upgrade a broker"
    _passwords: Mapping[str, SecretStr]

    def fill(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Keep the passwords of a request for its broker."""
        users = request.get("Users") or []
        self._passwords = {each["Username"]: SecretStr(each["Password"]) for each in users}
        return None

    def change(self, verb: Callable[[Control, Records], tuple[Control, Records]], summary: str = "") -> None:
        """Keep the outcome of a verb of the API alone."""
        before, (_, after) = self._account.kept, verb(self.control, self.records)
        self._account.keep(after)  # first: a part of the lab without its facts would be no account of AWS's
        try:
            super().change(verb, summary)
        except BaseException:
            self._account.keep(before)
            raise
        self._account.save()

    def do(self, step: Step) -> None:
        """Do a verb that scenarios have too."""
        super().do(step)
        self._account.save()

    def _with_facts(self, kept: Records) -> Records:
        return with_facts(kept, self._control, self._call)

    def _named(self, step: Step) -> Step:
        named = super()._named(step)
        return named.model_copy(update={"name": step.name}) if isinstance(step, CreatePeering) else named

    def _check(self, after: Control) -> None:
        """Permit another network."""

    def _interfaces(self) -> tuple[Interface, ...]:
        there = {each.name for each in self._live.account.brokers}
        return tuple(each for each in super()._interfaces() if each.broker in there)

    def _apply(self, after: Control, summary: str) -> None:
        names = {each.name for each in self.control.account.brokers}
        created = next((each for each in after.account.brokers if each.name not in names), None)
        if created is None:
            super()._apply(after, summary)
        else:
            self._create(after, created)

    def _create(self, after: Control, record: BrokerRecord) -> None:
        """Add a broker to the lab, in a free place, and begin its creation."""
        live, back = self._live, self._names.inverse
        plan, here = live.lab.note.plan, after.network.of_broker(record.name)[0].vpc
        taken = back.vpcs[here]
        if all(each.name != taken for each in plan.regions):
            taken = self._free_network(plan, here)
            back = replace(back, vpcs={**back.vpcs, here: taken})
        self._check_places(plan, taken, here, record)
        network = renamed(after.network, back)
        vpcs = tuple(replace(each, id=here) if each.name == taken else each for each in network.vpcs)
        network = replace(network, vpcs=vpcs)
        account = with_groups(after.account, back)
        aside = account.broker(record.name)
        account = replace(
            account,
            brokers=tuple(each for each in account.brokers if each is not aside),
            later=((aside, account.configuration(aside.current.configuration)),),
        )
        control = Control(account=account, network=network)
        changed = with_delays(with_vpc(plan, network.vpc(taken)), network)
        for link in changed.links:
            if link not in plan.links:  # the others may have been changed by hand
                way, _ = link.directions
                seen = live.lab.links.change(link.name, leaving=None, impairment=way.impairment, state=None)
                live.history.record(*seen)
        added = with_broker(changed, control, record.name)
        addition = Addition(broker=record.name, plan=added, control=control, passwords=self._passwords)
        self._account.add(live.lab, addition)
        self.do(CreateBroker.model_construct(broker=record.name))

    def _free_network(self, plan: Plan, vpc: str) -> str:
        name = free_network(plan, self._live.lab.note.control.network)
        if name is None:
            networks = several(len(plan.regions), "network")
            problem = f"[{vpc}] cannot have brokers: the lab has {networks}, and other VPCs use them all"
            raise bad_request(
                f"{problem}. Delete a VPC{_or_more('--vpcs', len(plan.regions) + 1, MOST_VPCS)}", "subnetIds"
            )
        return name

    def _check_places(self, plan: Plan, region: str, vpc: str, record: BrokerRecord) -> None:
        free, needed = (
            free_places(plan, self._live.account, region),
            len(DeploymentMode(record.deployment_mode).instances),
        )
        if free < needed:
            assert plan.places is not None  # the lab has them
            most = plan.places.instances[region]
            problem = (
                f"[{vpc}] has {several(free, 'free place')} of {most} for brokers, and [{record.name}] needs {needed}"
            )
            right = _or_more("--brokers", most - free + needed, MOST_PLACES)
            raise bad_request(f"{problem}. Delete a broker{right}", "subnetIds")


def _or_more(option: str, number: int, most: int) -> str:
    """Return the end of a remedy; "" if no server takes that number."""
    return (
        f", or start the server again, which ends all its brokers: mqlab serve {option} {number}"
        if number <= most
        else ""
    )


def control_of(note: StateFile) -> Control:
    """Return the account and the network of a lab, as the API has them."""
    names = names_of(note.control.network, note.run)
    present = on_the_wire(note.control.present, names)
    return Control(account=with_groups(note.control.account, names), network=present)


def without_brokers(kept: KeptAccount, opened: datetime) -> KeptAccount:
    """Return the account of a lab that is opened now, without the brokers of an earlier lab, which has ended."""
    earlier, age = kept.control, opened - kept.created
    network = replace(
        earlier.network,
        vpcs=tuple(replace(each, id="") for each in earlier.network.vpcs),
        peerings=tuple(replace(each, requested=each.requested - age) for each in earlier.network.peerings),
        interfaces=(),
    )
    account = replace(earlier.account, brokers=(), later=())
    return structs.replace(kept, created=opened, run="", control=Control(account=account, network=network))
