"""The verbs of an open lab as methods: each makes a value, the step of a scenario, and does it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from typing import Any

from pydantic import SecretStr

from lab.activemq import releases
from lab.amazonmq.account.maintenance import Window
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.steps.broker import STARTS_WITHIN, STOPS_WITHIN, Instance
from lab.declare.steps.move_clock import JUST_BEFORE
from lab.declare.topology import Configuration
from lab.history import LinkChanged
from lab.living import verb_arguments
from lab.living.restoring import Restoring
from lab.living.verb_arguments import read
from lab.operating import Done
from lab.runtime.status import DirectionNow

_STARTS_WITHIN = STARTS_WITHIN.total_seconds()
_STOPS_WITHIN = STOPS_WITHIN.total_seconds()


class Verbs(Restoring):
    """The verbs as methods, for a class that can `do` them in a `turn`."""

    @abstractmethod
    def do(self, verb: Step) -> Done:
        """Do a verb; its broker may be given by name or id."""

    def create_configuration(self, name: str, engine_version: str = releases.DEFAULT) -> Done:
        """Create a configuration from the service's default for its engine version."""
        return self._do("create-configuration", configuration=name, engine_version=engine_version)

    def update_configuration(self, name: str, text: str, *, description: str = "", file: str = "") -> Done:
        """Save a text as a configuration's next revision, sanitised; no broker changes by that.

        >>> text = '<broker xmlns="http://activemq.apache.org/schema/core" start="false"/>'
        >>> lab.update_configuration("tokyo-configuration", text).note
        'tokyo-configuration has revision 3; Amazon MQ removed 1 thing: DISALLOWED_ATTRIBUTE_REMOVED broker start'
        """
        written = Configuration(file=file or name, text=text)
        return self._do("update-configuration", configuration=name, file=written, description=description)

    def update_broker(
        self,
        broker: str,
        *,
        configuration: str | None = None,
        revision: int | None = None,
        security_groups: Sequence[str] | None = None,
        window: Window | str | None = None,
        roll_back: bool = False,
    ) -> Done:
        """Make a revision or security groups pending until a reboot; a maintenance window is set at once.

        A window is a day, a time and a zone: `sunday 03:00 Asia/Tokyo`.

        >>> lab.update_broker("tokyo", revision=1).note
        'pending until a reboot: tokyo-configuration revision 1'
        """
        chosen = {"configuration": configuration, "revision": revision, "security_groups": security_groups}
        verbs: list[Step] = []
        if window is None or roll_back or any(each is not None for each in chosen.values()):
            verbs.append(read(STEPS["update-broker"], broker=broker, roll_back=roll_back, **chosen))
        if window is not None:
            verbs.append(verb_arguments.maintenance_window(broker, str(window)))
        with self.turn():
            return [self.do(each) for each in verbs][-1]

    def reboot(self, broker: str, *, downtime: float | None = None, within: float = _STARTS_WITHIN) -> Done:
        """Reboot a broker, which applies what is pending, and return when it listens again.

        A broker that does not listen within so many seconds, or ends while starting, is RUNNING for the service all the
        same, as in Amazon MQ: another revision can be applied to it.

        >>> _ = lab.create_user("singapore", "clerk", "over-the-ocean-1858")
        >>> _ = lab.reboot("singapore", downtime=1.0)
        >>> lab.account.broker("singapore").has_pending
        False
        """
        down = None if downtime is None else timedelta(seconds=downtime)
        return self._do("reboot", broker=broker, downtime=down, within=timedelta(seconds=within))

    def kill(self, broker: str, *, instance: Instance | None = None) -> Done:
        """End a broker's process at once (SIGKILL); of a pair that of the active instance, if none is named.

        >>> [(each.broker, each.state) for each in lab.kill("singapore").seen]
        [('singapore', 'killed')]
        >>> [each.state for each in lab.start("singapore").seen]
        ['starting', 'started']
        """
        return self._do("kill", broker=broker, instance=instance)

    def stop(self, broker: str, *, instance: Instance | None = None, within: float = _STOPS_WITHIN) -> Done:
        """Ask a broker to end, and kill it if it has not within so many seconds, which is a warning."""
        return self._do("stop", broker=broker, instance=instance, within=timedelta(seconds=within))

    def start(self, broker: str, *, instance: Instance | None = None, within: float = _STARTS_WITHIN) -> Done:
        """Start a broker that was killed or stopped, with its store and its ports, and return when it listens again."""
        return self._do("start", broker=broker, instance=instance, within=timedelta(seconds=within))

    def pause(self, broker: str, *, instance: Instance | None = None) -> Done:
        """Freeze a broker's process: its connections stay, and nothing answers."""
        return self._do("pause", broker=broker, instance=instance)

    def resume(self, broker: str, *, instance: Instance | None = None) -> Done:
        """Let a paused broker go on."""
        return self._do("resume", broker=broker, instance=instance)

    def stop_connector(self, broker: str, connector: str) -> Done:
        """Stop a network connector, as in the broker's JMX: its bridges end, until it or its broker starts again."""
        return self._do("connector", broker=broker, name=connector, do="stop")

    def start_connector(self, broker: str, connector: str) -> Done:
        """Start a network connector that was stopped."""
        return self._do("connector", broker=broker, name=connector, do="start")

    def create_broker(self, broker: str, *, within: float = _STARTS_WITHIN) -> Done:
        """Create a broker that the topology declares with `later: yes`, and return when it listens.

        A broker that does not start is CREATION_FAILED, as in Amazon MQ, and can only be deleted.
        """
        return self._do("create-broker", broker=broker, within=timedelta(seconds=within))

    def delete_broker(self, broker: str) -> Done:
        """Delete a broker with its store, whatever its state; its configuration stays, its log is in the run folder."""
        return self._do("delete-broker", broker=broker)

    def create_user(
        self,
        broker: str,
        user: str,
        password: SecretStr | str,
        *,
        groups: Sequence[str] = (),
        console_access: bool = False,
    ) -> Done:
        """Create a user, whom the broker knows after its next reboot.

        >>> lab.create_user("tokyo", "audit", "over-the-ocean-1858", groups=["readers"]).note
        'it waits for a reboot'
        """
        its = {"password": password, "groups": groups, "console_access": console_access}
        return self._do("create-user", broker=broker, user=user, **its)

    def update_user(
        self,
        broker: str,
        user: str,
        *,
        password: SecretStr | str | None = None,
        groups: Sequence[str] | None = None,
        console_access: bool | None = None,
    ) -> Done:
        """Change the given properties of a user, from the broker's next reboot on."""
        its = {"password": password, "groups": groups, "console_access": console_access}
        return self._do("update-user", broker=broker, user=user, **its)

    def delete_user(self, broker: str, user: str) -> Done:
        """Delete a user, from the broker's next reboot on."""
        return self._do("delete-user", broker=broker, user=user)

    def move_clock(
        self, *, to: datetime | str | None = None, before: str | None = None, by: timedelta | str = JUST_BEFORE
    ) -> Done:
        """Set the service's clock forward: to a moment, or to so long before a broker's next maintenance window.

        A moment is a date, a time and a zone: `2026-11-29 02:59:55 Asia/Tokyo`. If the clock passes a broker's window,
        the broker is rebooted before this returns, if a change is pending.
        """
        return self.do(verb_arguments.move_clock(to=to, before=before, by=by))

    def cut(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Drop every packet silently, as a broken cable does; the only link of a lab need not be named.

        >>> [each.state for each in lab.cut(leaving="tokyo")]
        ['cut', 'open']
        >>> _ = lab.heal()
        """
        return self._change("cut", link, leaving)

    def heal(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Let packets pass again, impaired as before."""
        return self._change("heal", link, leaving)

    def reject(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Answer every packet as a closed port would."""
        return self._change("reject", link, leaving)

    def impair(
        self, link: str | None = None, *, leaving: str | None = None, **figures: object
    ) -> tuple[DirectionNow, ...]:
        """Replace the impairment of a link as a whole: a figure that is not given ends.

        The figures are those of a scenario's impairment: `delay="80ms", loss="1%", queue_packets="10"`.

        >>> lab.impair(delay="80ms", jitter="5ms", loss="1%")[0].impairment
        'delay 80ms, jitter 5ms (normal), loss 1%'
        """
        return self._change("impair", link, leaving, verb_arguments.impairment(figures))

    def create_peering(self, name: str, *, requester: str, accepter: str) -> Done:
        """Request a peering of two VPCs."""
        return self._do("create-peering", name=name, requester=requester, accepter=accepter)

    def accept_peering(self, peering: str) -> Done:
        """Accept a request for a peering."""
        return self._do("accept-peering", peering=peering)

    def reject_peering(self, peering: str) -> Done:
        """Reject a request for a peering."""
        return self._do("reject-peering", peering=peering)

    def delete_peering(self, peering: str) -> Done:
        """Delete a peering; its routes become blackholes."""
        return self._do("delete-peering", peering=peering)

    def create_route(self, table: str, destination: IPv4Network | str, peering: str) -> Done:
        """Add a route to a peering."""
        return self._do("create-route", table=table, destination=destination, peering=peering)

    def delete_route(self, table: str, destination: IPv4Network | str) -> Done:
        """Delete a route."""
        return self._do("delete-route", table=table, destination=destination)

    def authorize_ingress(
        self,
        group: str,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Authorize an inbound rule of a security group; it applies at once."""
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        return self.do(verb_arguments.ingress(STEPS["authorize-ingress"], group, **said))

    def revoke_ingress(
        self,
        group: str,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Revoke an inbound rule of a security group; open connections go on."""
        said = {"cidr": cidr, "source_group": source_group, "port": port, "protocol": protocol}
        return self.do(verb_arguments.ingress(STEPS["revoke-ingress"], group, **said))

    def _do(self, verb: str, **fields: Any) -> Done:
        """Do a verb with those fields that are not None; its kind is loaded by that, since a program uses few."""
        return self.do(read(STEPS[verb], **fields))

    def _change(
        self, verb: str, link: str | None, leaving: str | None, figures: dict[str, Any] | None = None
    ) -> tuple[DirectionNow, ...]:
        """Change a link, and return its settings after that."""
        name = verb_arguments.link(self.lab.note.plan, link, leaving)
        with self.turn():
            done = self._do(verb, link=name, leaving=leaving, **(figures or {}))
            moments = {seen.leaving: seen.t for seen in done.seen if isinstance(seen, LinkChanged)}
            return tuple(replace(each, changed=moments.get(each.leaving)) for each in self.lab.link_now(name))
