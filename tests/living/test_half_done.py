"""What a command that was killed leaves half-done, the next one does, and does once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab.declare.steps.base import STARTS_WITHIN
from lab.errors import BrokerError, HostError
from lab.living.half_done import catch_up
from lab.runtime.progress import Logged
from tests.living.live_lab import Killed, LiveLab
from tests.spoilt_lab import DEADLY_XML

WEEK = timedelta(days=8)  # since then every broker's window has opened


def waiting(lab: LiveLab) -> None:
    """Let something wait for a reboot of each broker."""
    for broker in ("tokyo", "singapore"):
        lab.live.delete_user(broker, "testuser")


@pytest.mark.parametrize("killed_at", ["tokyo", "singapore"])
def test_a_window_is_attended_to_once_for_each_broker_however_often_a_command_is_killed(killed_at: str) -> None:
    lab = LiveLab(ago=WEEK)
    waiting(lab)
    lab.killed_at = killed_at
    with pytest.raises(Killed):
        catch_up(lab.live, Logged())
    lab.killed_at = None
    catch_up(lab.live, Logged())
    assert sorted(lab.rebooted) == ["singapore", "tokyo"]
    assert [each.has_pending for each in lab.control.account.brokers] == [False, False]
    waiting_again = lab.live.update_broker("tokyo", revision=1)
    assert waiting_again.control.account.broker("tokyo").has_pending
    catch_up(lab.live, Logged())
    assert len(lab.rebooted) == 2, "what comes to be pending after the window waits for the next one"


def test_a_window_that_was_not_reached_is_forgotten_where_nothing_waits_any_more() -> None:
    lab = LiveLab(ago=WEEK)
    waiting(lab)
    assert lab.live.due() == ("tokyo", "singapore")
    lab.live.reboot("singapore")  # by hand, which is as good
    assert lab.live.due() == ("tokyo",)


@pytest.mark.parametrize("error", [HostError("the engine is busy"), OSError("no space left on the device")])
def test_what_cannot_be_applied_leaves_the_broker_running_with_what_it_had(error: Exception) -> None:
    lab = LiveLab()
    waiting(lab)
    lab.unprepared = error
    with pytest.raises(type(error)):
        lab.live.reboot("tokyo")
    assert lab.clock.wait(lambda: lab.started("tokyo"), 60)
    assert lab.control.account.broker("tokyo").has_pending, "it still waits for a reboot"


def test_a_full_disk_keeps_no_other_verb_from_working() -> None:
    lab = LiveLab()
    waiting(lab)
    lab.unprepared = OSError("no space left on the device")
    with pytest.raises(OSError, match="no space"):
        lab.live.reboot("tokyo")
    told = Warned()
    catch_up(lab.live, told)
    assert told.said == ["could not end the reboot of tokyo that was interrupted: no space left on the device"]


class Warned(Logged):
    """A progress that keeps what it is warned of."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warn(self, what: str) -> None:
        self.said.append(what)


def test_the_router_does_what_is_on_file_from_the_next_command_on() -> None:
    lab = LiveLab()
    table = lab.live.network.route_tables[0].name
    (route,) = lab.live.network.route_table(table).routes
    lab.killed_before_noting = True
    with pytest.raises(Killed):
        lab.live.delete_route(table, route.destination)
    lab.killed_before_noting = False
    assert lab.network != lab.live.network, "the router has been told, and the file has not"
    catch_up(lab.live, Logged())
    assert lab.network == lab.live.network
    assert lab.network.route_table(table).routes == (route,), "nobody was told that it had gone"


def test_a_pair_that_a_revision_ends_is_rolled_back_by_the_next_command() -> None:
    lab = LiveLab("failover")
    lab.live.update_configuration("singapore-configuration", DEADLY_XML)
    lab.live.update_broker("singapore", configuration="singapore-configuration")
    begun = lab.clock.now()
    with pytest.raises(BrokerError, match="ended while starting"):
        lab.live.reboot("singapore")
    assert lab.clock.now() - begun < STARTS_WITHIN.total_seconds(), "nobody waits for who has ended"
    assert len(lab.ended) == 2
    lab.live.update_broker("singapore", roll_back=True)
    lab.live.reboot("singapore")
    assert not lab.ended and all(lab.started("singapore", number) for number in (1, 2)), "both run"
