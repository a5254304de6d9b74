"""Configurations: made from the service's default, and saved as another revision. No broker changes by either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lab.amazonmq.account import configurations as verbs
from lab.amazonmq.account.refusals import conflict
from lab.amazonmq.account.revisions import Revision
from lab.amazonmq.configurations.sanitising import MOST_SHOWN, Removal
from lab.history import ConfigurationSaved
from lab.operating.done import Done
from lab.plan.control import Control
from lab.units import several


def create_configuration(control: Control, name: str, engine_version: str, at: datetime, *, t: float) -> Done:
    """Make a configuration; `at` is the machine's time, `t` the lab's."""
    for broker, its in control.later:
        if its.name == name:
            raise conflict(
                f"{broker.name}, which is still to be created, has a configuration {name}", "give another name"
            )
    account = verbs.create_configuration(control.account, name, engine_version, control.account.now(at))
    saved = _saved(name, account.configuration(name).latest, (), t)
    return Done(control=replace(control, account=account), seen=(saved,), note=f"{name} has revision 1")


def update_configuration(
    control: Control, name: str, text: str, at: datetime, *, description: str, file: str, t: float
) -> Done:
    """Save a text as a configuration's next revision, sanitised as the service does."""
    account = control.account
    updated = verbs.update_configuration(
        account, name, text.encode(), account.now(at), description=description, file=file
    )
    saved = _saved(name, updated.account.configuration(name).latest, updated.removals, t)
    note = f"{saved.configuration} has revision {updated.revision}"
    if updated.removals:
        note += f"; Amazon MQ removed {several(len(updated.removals), 'thing')}: {'; '.join(saved.warnings)}"
    return Done(control=replace(control, account=updated.account), seen=(saved,), note=note)


def _saved(name: str, revision: Revision, removals: Sequence[Removal], t: float) -> ConfigurationSaved:
    told = Counter(
        " ".join(word for word in (str(each.reason), each.element, each.attribute) if word)
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
