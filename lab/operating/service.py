"""The verbs on Amazon MQ's records: they are kept in the account, and most changes are pending until a reboot.

Passwords go to the lab and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.account import Account, clock_text
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.revisions import Revision
from lab.amazonmq.configurations.sanitising import MOST_SHOWN, Removal
from lab.base.units import several
from lab.declare.steps.base import OfUser, OnRecord
from lab.declare.steps.service import (
    CreateBroker,
    CreateConfiguration,
    DeleteBroker,
    MoveClock,
    UpdateBroker,
    UpdateConfiguration,
)
from lab.errors import InputError, LabError
from lab.history import BrokerChanged, ConfigurationSaved
from lab.network.security_groups import check_groups
from lab.operating import operations
from lab.operating.control_plane import ControlPlane, Done, keep, record_seen
from lab.operating.instances import numbers, start
from lab.operating.reboot import do_reboot
from lab.plan.control import Control
from lab.plan.values import Plan


@operations.register(OnRecord)
def do_record(plane: ControlPlane, verb: OnRecord) -> Done:
    """Keep the account that the verb decides on; the note lists pending changes."""
    return keep(plane, verb.broker, lambda control: verb.decide(control.account, plane.machine), pending)


def pending(record: BrokerRecord) -> str:
    """Return the changes that are pending until a broker's reboot, in words; "" if there are none."""
    waiting = [] if record.pending is None else [str(record.pending)]
    if record.pending_security_groups is not None:
        waiting.append(f"security groups {', '.join(record.pending_security_groups)}")
    return f"pending until a reboot: {', '.join(waiting)}" if waiting else ""


@operations.register(OfUser)
def do_user(plane: ControlPlane, verb: OfUser) -> Done:
    """Keep the account that the verb decides on, and the password that it sets."""

    def change(control: Control) -> Account:
        account = verb.decide(control.account, plane.machine)
        if verb.new_password is not None:
            name = account.broker(verb.broker).name
            plane.lab.keep_password(name, verb.user, account.passwords, verb.new_password)
        return account

    return keep(plane, verb.broker, change, lambda record: "it waits for a reboot" if record.has_pending else "")


@operations.register(CreateConfiguration)
def do_create_configuration(plane: ControlPlane, verb: CreateConfiguration) -> Done:
    """Create the configuration, whose first revision is the default."""

    def create(control: Control) -> Done:
        account = verb.decide(control.account, plane.machine)
        name = verb.configuration
        seen = revision_saved(name, account.configuration(name).latest, (), plane.lab.clock.now())
        return Done(control=replace(control, account=account), observations=(seen,), note=f"{name} has revision 1")

    return plane.change(create)


@operations.register(UpdateConfiguration)
def do_update_configuration(plane: ControlPlane, verb: UpdateConfiguration) -> Done:
    """Save the text as the service does; the note lists the elements, attributes and values that were removed."""

    def save(control: Control) -> Done:
        updated = verb.update(control.account, plane.machine)
        name = verb.configuration
        seen = revision_saved(name, updated.account.configuration(name).latest, updated.removals, plane.lab.clock.now())
        note = f"{name} has revision {updated.revision}"
        if updated.removals:
            removed = several(len(updated.removals), "thing")
            note += f"; Amazon MQ removed {removed}: {'; '.join(seen.warnings)}"
        return Done(control=replace(control, account=updated.account), observations=(seen,), note=note)

    return plane.change(save)


def revision_saved(name: str, revision: Revision, removals: Sequence[Removal], t: float) -> ConfigurationSaved:
    """Return a saved revision as an observation; `t` is of the lab's clock."""
    told = Counter(
        " ".join(word for word in (str(each.reason), each.tag, each.attribute) if word)
        for each in removals[:MOST_SHOWN]
    )
    return ConfigurationSaved(
        t=t,
        configuration=name,
        revision=revision.number,
        description=revision.description,
        warnings=dict(told),
        removed=len(removals),
    )


@operations.register(MoveClock)
def do_move_clock(plane: ControlPlane, verb: MoveClock) -> Done:
    """Set the clock forward, as far as the verb decides; a maintenance window that opens sooner leaves it as it is."""

    def move(control: Control) -> Done:
        machine = plane.machine
        account = verb.decide(control.account, machine)
        note = f"the service's clock is at {clock_text(account.now(machine))}"
        return Done(control=replace(control, account=account), note=note)

    return plane.change(move)


@operations.register(UpdateBroker)
def do_update_broker(plane: ControlPlane, verb: UpdateBroker) -> Done:
    """Make the changes pending, and reboot the broker if the verb has `reboot`."""

    def update(control: Control) -> Account:
        if verb.security_groups is not None:
            for its in control.network.of_broker(control.account.broker(verb.broker).name):
                check_groups(control.network, its.vpc, verb.security_groups)
        return verb.update(control.account)

    done = keep(plane, verb.broker, update, pending)
    return done if verb.reboot is None else do_reboot(plane, verb.reboot)


def do_create_broker(plane: ControlPlane, verb: CreateBroker, *, resumed: bool = False) -> Done:
    """Create a broker that the plan has for later, and return when its endpoints listen.

    The first instance of a pair is started first, and becomes the active one. A broker that does not start is
    CREATION_FAILED. Set `resumed` for a creation that was interrupted, whose broker is CREATION_IN_PROGRESS.
    """
    name, within = _declared(plane.control.account, plane.plan, verb.broker), verb.within.total_seconds()
    if not resumed:
        begin_creation(plane, name)
    try:
        late = [start(plane, name, number, within, "creation").failed for number in numbers(plane, name)]
    except LabError:
        keep(plane, name, lambda control: verbs.creation_failed(control.account, name))
        raise
    if any(late):  # it is CREATION_IN_PROGRESS until all of it runs
        return Done(control=plane.control, failed=next(filter(None, late)))
    return finish_creation(plane, name)


operations.register(CreateBroker)(do_create_broker)  # which has one parameter more


def begin_creation(plane: ControlPlane, broker: str) -> None:
    """Begin the creation of a broker that the plan has for later: it is CREATION_IN_PROGRESS."""
    name = _declared(plane.control.account, plane.plan, broker)

    def begun(control: Control) -> Done:
        t = plane.lab.clock.now()
        account = verbs.begin_creation(control.account, name, control.account.now(plane.machine))
        observations = (BrokerChanged(t=t, broker=name, state="creating"), record_seen(account.broker(name), t))
        return Done(control=replace(control, account=account), observations=observations)

    plane.change(begun)


def finish_creation(plane: ControlPlane, broker: str) -> Done:
    """End the creation of a broker that has started: its state becomes RUNNING."""
    done = keep(plane, broker, lambda control: verbs.broker_created(control.account, broker))
    plane.record(BrokerChanged(t=plane.lab.clock.now(), broker=broker, state="created"))
    return done


def _declared(account: Account, plan: Plan, broker: str) -> str:
    """Return the name of a broker; InputError if the topology declares none, or it was deleted: each is made once."""
    names = {each: its.name for its in plan.brokers for each in (its.name, its.broker_id)}
    left = verbs.still_to_be_created(account)
    if broker not in names:
        right = f"{left}\ndeclare another broker in the topology, with later: yes, and open the lab again"
        raise InputError.of(f"the topology of this lab declares no broker {broker}", right)
    known = {each.name for each in account.brokers} | {record.name for record, _ in account.later}
    if names[broker] not in known:
        right = "open another lab for a new broker: the service would give it another id and host name"
        raise InputError.of(f"the broker {names[broker]} was deleted, and a lab creates each broker only once", right)
    return names[broker]


def do_delete_broker(plane: ControlPlane, verb: DeleteBroker, *, resumed: bool = False) -> Done:
    """Delete a broker with its store, whatever its state; its configuration stays.

    Set `resumed` for a deletion that has begun.
    """
    name = plane.control.account.broker(verb.broker).name
    if not resumed:
        begin_deletion(plane, name)
    plane.record(plane.lab.instances.delete(name))
    return plane.change(
        lambda control: Done(control=replace(control, account=verbs.broker_deleted(control.account, name)))
    )


operations.register(DeleteBroker)(do_delete_broker)  # which has one parameter more


def begin_deletion(plane: ControlPlane, broker: str) -> None:
    """Begin the deletion of a broker: it is DELETION_IN_PROGRESS."""
    keep(plane, broker, lambda control: verbs.delete_broker(control.account, broker))
