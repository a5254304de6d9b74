"""Checks of the expectations of a state: its row, topic, user or revision can exist."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.service import Revisions, users_of
from lab.check.terms import WHOLE_NAME
from lab.declare.expectations.states import NetworkPage, TopicsPage, UsersExpectation, WarningsExpectation
from lab.declare.steps.clients import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem
from lab.plan.brokers import unread


@checks.register(NetworkPage)
def check_network_page(context: Context, expectation: NetworkPage) -> Iterator[Problem]:
    """Yield a Problem if the row is for the broker itself, or if that is at the other end."""
    if expectation.broker == expectation.remote:
        yield context.wrong("remote", f"{expectation.broker} has no bridge to itself", "name another broker")
    elif not context.unknown and not unread(context.topology):
        yield from _row(context, expectation)


def _row(context: Context, expectation: NetworkPage) -> Iterator[Problem]:
    between = [
        end
        for end in bridge_ends(context.scenario)
        if {end.broker, end.remote} == {expectation.broker, expectation.remote}
    ]
    here = {end.created_by_duplex for end in between if end.broker == expectation.broker}
    if not between:  # a scenario may show that without a step there is no bridge
        return
    if not here:
        names = ", ".join(dict.fromkeys(end.connector for end in between))
        other = expectation.remote
        what = f"{expectation.broker} has no row for {other}: {names} is not duplex, so only {other} has a row"
        yield context.wrong("broker", what, f"write broker: {expectation.remote}, remote: {expectation.broker}")
    elif expectation.created_by_duplex is not None and expectation.created_by_duplex not in here:
        names = ", ".join(dict.fromkeys(end.connector for end in between if end.broker == expectation.broker))
        owner, right = (expectation.broker, "no") if expectation.created_by_duplex else (expectation.remote, "yes")
        what = f"{expectation.broker}'s row belongs to {names}, a connector of {owner}"
        yield context.wrong(
            "created-by-duplex", what, f"write created-by-duplex: {right}, or choose the page of the other broker"
        )
    elif expectation.remote_port is not None and (expectation.remote_port == "ephemeral") not in (
        here if expectation.created_by_duplex is None else {expectation.created_by_duplex}
    ):
        connects, right = ("to", "61617") if expectation.remote_port == "ephemeral" else ("from", "ephemeral")
        what = f"that row of {expectation.broker}'s shows the port that the bridge connects {connects}"
        yield context.wrong("remote-port", what, f"write remote-port: {right}, or choose the page of the other broker")


@checks.register(TopicsPage)
def check_topics_page(context: Context, expectation: TopicsPage) -> Iterator[Problem]:
    """Yield a Problem if the topic is a wildcard, or if no step uses it."""
    wanted, steps = f"topic://{expectation.topic}", every_step(context.scenario.steps)
    used = sorted(
        {
            destination
            for step in steps
            for destination in ((destination_of(step) or "",) if isinstance(step, Subscribe) else step.sends_to)
        }
    )
    if "topic" in context.unknown:
        return
    if has_wildcard(wanted):
        yield context.wrong("topic", "a console lists topics by name", WHOLE_NAME)
    elif not any(hears(each, wanted) for each in used):
        what = f"no step uses {wanted}, so nothing is expected"
        yield context.wrong(
            "topic", what, f"add a step that uses it, or name another topic; used: {', '.join(used) or 'nothing'}"
        )


@checks.register(UsersExpectation)
def check_users(context: Context, expectation: UsersExpectation) -> Iterator[Problem]:
    """Yield a Problem if the user never exists, except if that is the expectation."""
    if "broker" in context.unknown or expectation.pending == "no-such-user":
        return
    its = sorted(users_of(context.scenario, expectation.broker))
    if expectation.user not in its:
        yield context.missing("user", "user", expectation.user, its, f"users of {expectation.broker}")


@checks.register(WarningsExpectation)
def check_warnings(context: Context, expectation: WarningsExpectation) -> Iterator[Problem]:
    """Yield a Problem if the revision is never saved."""
    last = context.recall(Revisions).by_name.get(expectation.configuration)
    if last is not None and expectation.revision is not None and expectation.revision > last:
        what = f"{expectation.configuration} never has a revision {expectation.revision}"
        yield context.wrong("revision", what, f"write one of its revisions: 1 to {last}")
