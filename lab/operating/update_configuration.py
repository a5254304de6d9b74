"""A text saved as a configuration's next revision; no broker changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lab.amazonmq.account.revisions import Revision
from lab.amazonmq.configurations.sanitising import MOST_SHOWN, Removal
from lab.base.units import several
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.history import ConfigurationSaved
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.outcome import Done
from lab.plan.control import Control


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
