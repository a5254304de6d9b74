"""A served account that is a lab of a declared topology: its brokers, its router, its history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.maintenance import Window
from lab.base.masking import Mask
from lab.declare.steps.base import Step
from lab.declare.steps.network import CreatePeering
from lab.declare.steps.service import CreateConfiguration, MaintenanceWindow, Reboot
from lab.errors import LabError
from lab.extras.api import later_brokers
from lab.extras.api.call import Call
from lab.extras.api.lab_names import Wire
from lab.extras.api.mq.lookup import arn
from lab.extras.api.mq.mq_records import BrokerFacts, ConfigurationFacts
from lab.extras.api.records import Records
from lab.extras.api.refused import ApiRefused
from lab.extras.api.renaming import Names, renamed
from lab.history import StepEnded, StepStarted
from lab.living.beginning import Reach, begin, begins
from lab.living.history import API
from lab.living.lab import Live
from lab.network.regions import REGIONS
from lab.network.vpc import Interface, Network
from lab.operating import Done
from lab.operating.network import put_back
from lab.plan.control import Control

INSTANCE_TYPE = "mq.m5.large"  # which no topology declares
_WORD = re.compile(r"[A-Z][a-z]*")
Later = Callable[[Callable[[], None]], None]


class LabAccount:
    """The account of an open lab. Verbs that take time go on by `later`, with the Live of `reach`.

    With `local`, brokers are described by ports of localhost, in place of AWS's names.
    """

    def __init__(
        self,
        live: Live,
        *,
        later: Later,
        reach: Reach | None = None,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Callable[[str], None] = lambda text: None,
        local: bool = False,
    ) -> None:
        self.live, self.later, self.machine = live, later, machine
        self.reach: Reach = (lambda: nullcontext(live)) if reach is None else reach
        self._log, self._hidden, self.local = log, Mask(), local
        self.kept, self.wire = Records(), Wire()

    def serve(self, call: Call) -> LabCall:
        """Return the account for a call."""
        return LabCall(self, call)

    def hide(self, password: str) -> None:
        """Mask a password in the log and in the history."""
        self._hidden |= Mask.of([password])
        self.live.history.file.hide(password)

    def notice(self, text: str) -> None:
        """Write a line to the log, without passwords."""
        self._log((self.live.lab.mask() | self._hidden).text(text))

    def go_on(self, rest: Callable[[], None], action: str) -> None:
        """Do the rest of a verb; a failure is in the history, and a line of the log."""
        try:
            rest()
        except (LabError, OSError) as error:
            self.notice(f"{action}: {str(error).partition(chr(10))[0]}")


class LabCall:
    """The lab during one call, with ids in place of the names of its network."""

    _problem = "is not possible in this form in a lab of a declared topology"
    _another_version = "change engine-version in the topology, and open the lab again"

    def __init__(self, account: LabAccount, call: Call) -> None:
        self._account, self._call, self._live = account, call, account.live
        self._read()
        self.hide, self.notice = account.hide, account.notice

    @property
    def control(self) -> Control:
        """Return the account of Amazon MQ and the network as they are now."""
        return self._control

    @property
    def records(self) -> Records:
        """Return the facts that AWS keeps and the lab has no effect for."""
        return self._records

    @property
    def now(self) -> datetime:
        """Return the service's time."""
        return self.control.account.now(self._account.machine())

    def local_ports(self, broker: str) -> Sequence[Mapping[str, int]]:
        """Return the ports of localhost of each instance, if brokers are described by them."""
        where = self._live.lab.whereabouts()
        return [each.ports for each in where.brokers.get(broker, ())] if self._account.local else ()

    def answered(self, broker_id: str) -> None:
        """Do nothing: a state of a lab's broker ends when the broker is ready."""

    def fill(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Create the broker that the topology declares for later."""
        return later_brokers.fill(self, self._call, request, self._whole, self._live.lab.password)

    def change(self, verb: Callable[[Control, Records], tuple[Control, Records]], summary: str = "") -> None:
        """Keep the outcome of a verb of the API alone, as far as a declared lab can have it."""
        after, records = verb(self.control, self.records)
        if after != self.control:
            with self._live.turn():
                self._read()
                after, records = verb(self.control, self.records)
                self._apply(after, summary)
        self._account.kept = records
        self._read()

    def do(self, step: Step) -> None:
        """Do a verb that scenarios have too; of a reboot, a creation and a deletion this is the beginning."""
        named = self._named(step)
        if not begins(named):
            self._live.do(named)
            self._read()
            return
        rest = begin(self._live, named, self._account.reach)
        self._read()
        facts = self._records.mq.brokers.get(self.control.account.broker(named.broker).broker_id)  # type: ignore[attr-defined]
        if isinstance(named, Reboot) and facts is not None:
            self._keep_facts(self.control.account.broker(named.broker).broker_id, facts.applied())
        account = self._account
        account.later(lambda: account.go_on(rest, named.words()))

    def _keep_facts(self, broker_id: str, facts: BrokerFacts) -> None:
        mq = self._records.mq
        self._account.kept = replace(self._records, mq=replace(mq, brokers={**mq.brokers, broker_id: facts}))
        self._read()

    def _read(self) -> None:
        """Read the lab as it is now."""
        account, control = self._live.account, self._live.lab.note.control
        self._names, self._whole, present = self._account.wire.read(control, self._live.run)
        self._control = Control(account=with_groups(account, self._names), network=present)
        self._records = self._with_facts(self._account.kept)

    def _with_facts(self, kept: Records) -> Records:
        records = with_facts(kept, self._control, self._call)
        return replace(records, ec2=replace(records.ec2, regions=tuple(REGIONS)))  # none gets a default VPC

    def _named(self, step: Step) -> Step:
        """Return a step with the lab's names in place of ids."""
        back = self._names.inverse
        fields: dict[str, Any] = {}
        for name, known in (
            ("table", back.tables),
            ("group", back.groups),
            ("from_group", back.groups),
            ("requester", back.vpcs),
            ("accepter", back.vpcs),
        ):
            if (shown := str(getattr(step, name, None))) in known:
                fields[name] = known[shown]
        if (groups := getattr(step, "security_groups", None)) is not None:
            fields["security_groups"] = tuple(map(back.group, groups))
        if isinstance(step, CreatePeering):
            fields["name"] = f"{fields['requester']}-{fields['accepter']}"
        return step.model_copy(update=fields)

    def _apply(self, after: Control, summary: str) -> None:
        """Change the lab; raise ApiRefused, with nothing changed, for what no declared lab can do."""
        before = self.control
        self._check(after)
        names = {each.name for each in before.account.configurations}
        made = [each for each in after.account.configurations if each.name not in names]
        left = {each.name for each in after.account.configurations}
        windows = list(self._windows(before.account, after.account))
        for each in made:
            step = CreateConfiguration(configuration=each.name, engine_version=each.engine_version)
            self._live.do(step)
        for broker, window in windows:
            step_ = MaintenanceWindow(broker=broker, day=window.day, time=f"{window.time:%H:%M}", zone=window.zone)
            self._live.do(step_)
        if gone := names - left:
            with self._step(summary):
                self._live.plane.change(lambda control: Done(control=_without(control, gone)))
        if after.network != before.network:
            network = replace(renamed(after.network, self._names.inverse), interfaces=self._interfaces())
            with self._step(summary):
                self._live.plane.change(lambda control: put_back(control, self._live.lab, network))

    def _check(self, after: Control) -> None:
        """Refuse parts of a network that the lab's topology does not declare."""
        if not _is_same_place(self.control.network, after.network):
            self._refuse("change the topology, which declares VPCs, subnets and links, and open the lab again")

    def _interfaces(self) -> tuple[Interface, ...]:
        """Return the interfaces of the lab's network, also those of brokers for later."""
        return self._live.lab.note.control.network.interfaces

    def _windows(self, before: Account, after: Account) -> Iterator[tuple[str, Window]]:
        """Yield the brokers with another window; refuse other changes of brokers."""
        for old, new in zip(before.brokers, after.brokers, strict=False):
            if new.pending_engine_version != old.pending_engine_version:
                self._refuse(self._another_version)
            if replace(new, window=old.window) != old:
                self._refuse("use another operation")
            if new.window != old.window:
                yield new.name, new.window
        if len(before.brokers) != len(after.brokers):
            self._refuse("declare the broker in the topology, with later: yes")

    def _refuse(self, remedy: str) -> None:
        code = "BadRequestException" if self._call.service == "mq" else "UnsupportedOperation"
        raise ApiRefused(code, f"{self._call.operation} {self._problem}: {remedy}.")

    @contextmanager
    def _step(self, summary: str) -> Iterator[None]:
        """Record a verb of the API alone, done in the block, as a step."""
        history, words = self._live.history, [each.lower() for each in _WORD.findall(self._call.operation)]
        asked = summary or f"{' '.join(words)} in {self._call.region}"
        number = history.file.step(
            lambda number: StepStarted(t=history.now(), step=number, verb="-".join(words), asked=asked, by=API)
        )
        try:
            yield
        except BaseException as error:
            why = str(error).partition("\n")[0] or type(error).__name__
            history.file.step_ended(StepEnded(t=history.now(), step=number, ok=False, note=why))
            raise
        history.file.step_ended(StepEnded(t=history.now(), step=number))


def _without(control: Control, names: set[str]) -> Control:
    kept = tuple(each for each in control.account.configurations if each.name not in names)
    return replace(control, account=replace(control.account, configurations=kept))


def _is_same_place(before: Network, after: Network) -> bool:
    """Return whether two networks have the same VPCs, subnets, links and interfaces."""
    places = [(each.name, each.vpc, each.cidr) for each in before.subnets]
    return (
        before.vpcs == after.vpcs
        and before.linked == after.linked
        and before.interfaces == after.interfaces
        and places == [(each.name, each.vpc, each.cidr) for each in after.subnets]
    )


def with_groups(account: Account, names: Names) -> Account:
    """Return an account with other names of its brokers' groups."""

    def of(record: BrokerRecord) -> BrokerRecord:
        pending = record.pending_security_groups
        return replace(
            record,
            security_groups=tuple(map(names.group, record.security_groups)),
            pending_security_groups=None if pending is None else tuple(map(names.group, pending)),
        )

    return replace(
        account,
        brokers=tuple(map(of, account.brokers)),
        later=tuple((of(record), configuration) for record, configuration in account.later),
    )


def with_facts(kept: Records, control: Control, call: Call) -> Records:
    """Return the facts of the lab's brokers and configurations: those that the API has kept, else usual ones."""
    network, mq = control.network, kept.mq
    regions: dict[str, str] = {}  # by configuration
    brokers: dict[str, BrokerFacts] = {}
    for record in control.account.brokers:
        own = network.of_broker(record.name)
        region = network.vpc(own[0].vpc).aws_region
        for applied in (record.current, record.pending, *record.history):
            if applied is not None:
                regions.setdefault(applied.configuration, region)
        brokers[record.broker_id] = mq.brokers.get(record.broker_id) or BrokerFacts(
            name=record.name,
            region=region,
            arn=arn(replace(call, region=region), "broker", record.name, record.broker_id),
            instance_type=INSTANCE_TYPE,
            subnets=tuple(network.subnet_of(each).name for each in own),
        )
    first = network.vpcs[0].aws_region if network.vpcs else call.region
    configurations = {
        each.id: mq.configurations.get(each.id)
        or ConfigurationFacts(
            name=each.name,
            region=regions.get(each.name, first),
            arn=arn(replace(call, region=regions.get(each.name, first)), "configuration", each.id),
        )
        for each in control.account.configurations
    }
    return Records(mq=replace(mq, brokers=brokers, configurations=configurations), ec2=kept.ec2)
