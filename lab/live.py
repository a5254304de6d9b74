"""A lab that stands, and what may be done to it: each verb of the cloud decided, done, and kept for whoever comes next.

Commands on a running lab and programs of yours call the same methods; each is a function of `lab.operating`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

from pydantic import SecretStr

from lab.amazonmq.account import Account, due, still_due
from lab.amazonmq.broker_record import BrokerState
from lab.amazonmq.maintenance import Window
from lab.errors import LabError
from lab.network.vpc import Network, Rule
from lab.operating import Control, Done, brokers, configurations, creation, users
from lab.operating import network as networks
from lab.runtime.emulation.lab import EmulatedLab
from lab.runtime.emulation.opening import opened_at

_BEGUN = {
    BrokerState.REBOOT_IN_PROGRESS: "reboot",
    BrokerState.CREATION_IN_PROGRESS: "creation",
    BrokerState.DELETION_IN_PROGRESS: "deletion",
}


class Live:
    """A lab that stands. What AWS refuses is an InputError, and has changed nothing."""

    def __init__(self, lab: EmulatedLab) -> None:
        self.lab = lab

    @property
    def account(self) -> Account:
        """Give the service's side of the lab as it is now."""
        return self._control.account

    @property
    def network(self) -> Network:
        """Give who may talk to whom now."""
        return self._control.present

    def create_configuration(self, name: str, engine_version: str = "5.18") -> Done:
        """Make a configuration from the service's default for its engine version."""
        made = configurations.create_configuration(self._control, name, engine_version, _machine(), t=self._t)
        return self._kept(made)

    def update_configuration(self, name: str, text: str, *, description: str = "", file: str = "") -> Done:
        """Save a text as a configuration's next revision, sanitised; no broker changes by that."""
        return self._kept(
            configurations.update_configuration(
                self._control, name, text, _machine(), description=description, file=file or name, t=self._t
            )
        )

    def update_broker(
        self,
        broker: str,
        *,
        configuration: str | None = None,
        revision: int | None = None,
        security_groups: Sequence[str] | None = None,
        window: Window | None = None,
        roll_back: bool = False,
    ) -> Done:
        """Make a revision or security groups pending until a reboot; a maintenance window is set at once."""
        return self._kept(
            brokers.update_broker(
                self._control,
                self.account.broker(broker).name,
                configuration=configuration,
                revision=revision,
                security_groups=security_groups,
                window=window,
                roll_back=roll_back,
                t=self._t,
            )
        )

    def reboot(self, broker: str, *, downtime: float | None = None, within: float = brokers.STARTS_WITHIN) -> Done:
        """Reboot a broker, which applies what is pending, and return when it listens again.

        One that does not come back in time, or ends while starting, is RUNNING for the service all the same, as there:
        another revision can be applied to it.
        """
        return self._reboot(broker, downtime, within, resumed=False)

    def create_broker(self, broker: str, *, within: float = brokers.STARTS_WITHIN) -> Done:
        """Create a broker that the topology declares with `later: yes`, and return when it listens.

        One that does not start is CREATION_FAILED, as there, and can only be deleted.
        """
        return self._create(broker, within, resumed=False)

    def delete_broker(self, broker: str) -> Done:
        """Delete a broker with its store, whatever its state; its configuration stays, its log is in the run folder."""
        return creation.delete(self._control, self.lab, broker, keep=self._keep)

    def create_user(
        self, broker: str, user: str, password: SecretStr, *, groups: Sequence[str] = (), console_access: bool = False
    ) -> Done:
        """Make a user whom the broker knows after its next reboot."""
        name = self.account.broker(broker).name
        return self._kept(
            users.create_user(
                self._control, self.lab, name, user, password, groups=groups, console_access=console_access
            )
        )

    def update_user(
        self,
        broker: str,
        user: str,
        *,
        password: SecretStr | None = None,
        groups: Sequence[str] | None = None,
        console_access: bool | None = None,
    ) -> Done:
        """Change what is given of a user, from the broker's next reboot on."""
        name = self.account.broker(broker).name
        return self._kept(
            users.update_user(
                self._control, self.lab, name, user, password=password, groups=groups, console_access=console_access
            )
        )

    def delete_user(self, broker: str, user: str) -> Done:
        """Remove a user with the broker's next reboot."""
        return self._kept(users.delete_user(self._control, self.lab, self.account.broker(broker).name, user))

    def create_peering(self, name: str, *, requester: str, accepter: str) -> Done:
        """Ask a VPC to peer."""
        ends = {"requester": requester, "accepter": accepter}
        return self._kept(networks.create_peering(self._control, self.lab, name=name, at=self._age, **ends))

    def accept_peering(self, peering: str) -> Done:
        """Accept a request."""
        return self._kept(networks.accept_peering(self._control, self.lab, peering=peering, at=self._age))

    def reject_peering(self, peering: str) -> Done:
        """Reject a request."""
        return self._kept(networks.reject_peering(self._control, self.lab, peering=peering, at=self._age))

    def delete_peering(self, peering: str) -> Done:
        """Delete a peering; its routes are blackholes then."""
        return self._kept(networks.delete_peering(self._control, self.lab, peering=peering, at=self._age))

    def create_route(self, table: str, destination: IPv4Network, peering: str) -> Done:
        """Add a route to a peering."""
        to = {"table": table, "peering": peering}
        return self._kept(networks.create_route(self._control, self.lab, destination=destination, **to))

    def delete_route(self, table: str, destination: IPv4Network) -> Done:
        """Take a route away."""
        return self._kept(networks.delete_route(self._control, self.lab, table=table, destination=destination))

    def authorize_ingress(self, group: str, rule: Rule) -> Done:
        """Let something in; it holds at once."""
        return self._kept(networks.authorize_ingress(self._control, self.lab, group=group, rule=rule))

    def revoke_ingress(self, group: str, rule: Rule) -> Done:
        """Let something in no more; connections that are open go on."""
        return self._kept(networks.revoke_ingress(self._control, self.lab, group=group, rule=rule))

    def agree(self) -> None:
        """Have the router and what is on file agree: a command that was killed may have told one and not the other.

        What is on file counts. The killed command has not said that anything was done.
        """
        self.lab.agree(self.network)

    def interrupted(self) -> tuple[tuple[str, str], ...]:
        """Give what somebody began and did not end, and of which broker: nobody is at it while it is our turn."""
        return tuple((_BEGUN[each.state], each.name) for each in self.account.brokers if each.state in _BEGUN)

    def resume(self, broker: str) -> Done:
        """End a reboot, a creation or a deletion that was interrupted, whatever had been done of it."""
        match self.account.broker(broker).state:
            case BrokerState.CREATION_IN_PROGRESS:
                return self._create(broker, brokers.STARTS_WITHIN, resumed=True)
            case BrokerState.DELETION_IN_PROGRESS:
                return self.delete_broker(broker)
            case _:
                return self._reboot(broker, 0.0, brokers.STARTS_WITHIN, resumed=True)

    def due(self) -> tuple[str, ...]:
        """Name the brokers whose maintenance window has opened with something pending, and that are not yet rebooted.

        Each is named until its reboot begins: also what a command was killed before.
        """
        account, _ = due(self.account, _machine())
        self._keep(replace(self._control, account=account))  # what comes to be pending now waits for the next window
        return still_due(account)

    @property
    def _control(self) -> Control:
        return self.lab.control

    @property
    def _t(self) -> float:
        return self.lab.clock.now()

    @property
    def _age(self) -> timedelta:
        """Give how long the lab has stood, whichever process asks: requests expire by it."""
        return datetime.now(UTC) - opened_at(self.lab.state.run)

    def _reboot(self, broker: str, downtime: float | None, within: float, *, resumed: bool) -> Done:
        state, name = self.lab.state, self.account.broker(broker).name
        down = state.reboot_time if downtime is None else downtime
        try:
            return brokers.reboot(
                self._control,
                self.lab,
                state.plan,
                name,
                downtime=down,
                within=within,
                keep=self._keep,
                resumed=resumed,
            )
        except LabError:
            if self.account.broker(name).state is BrokerState.REBOOT_IN_PROGRESS:
                self._keep(brokers.finish_reboot(self._control, name, t=self._t).control)
            raise

    def _create(self, broker: str, within: float, *, resumed: bool) -> Done:
        return creation.create(
            self._control,
            self.lab,
            self.lab.state.plan,
            broker,
            _machine(),
            within=within,
            keep=self._keep,
            resumed=resumed,
        )

    def _kept(self, done: Done) -> Done:
        self._keep(done.control)
        return done

    def _keep(self, control: Control) -> None:
        self.lab.keep_control(control)


def _machine() -> datetime:
    return datetime.now(UTC)
