"""What earlier commands have left half-done in an open lab, done at the beginning of a turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.runtime.progress import Told

if TYPE_CHECKING:
    from lab.living.lab import Live


def catch_up(live: Live, told: Told) -> None:
    """Apply the network on file, end interrupted verbs and reboot for due windows; a failure is only a warning."""
    with warned("have the router do what is on file", told):
        live.agree()
    record_found(live, told)
    for what, broker in live.interrupted():
        stage = f"end the {what} of {broker} that was interrupted"
        with warned(stage, told), told.stage(stage):
            live.complete(broker)
    for broker in live.due():
        stage = f"reboot {broker}, whose maintenance window has opened"
        with warned(stage, told), told.stage(stage):
            live.reboot(broker)


def record_found(live: Live, told: Told) -> None:
    """Record what has become of brokers that verbs have taken out; a failure is only a warning."""
    with warned("record what has become of the brokers", told):
        live.record_found()


@contextmanager
def warned(stage: str, told: Told) -> Iterator[None]:
    """Show an error of the block as a warning, and go on after it."""
    try:
        yield
    except (LabError, OSError) as error:
        told.warn(f"could not {stage}: {error}")
