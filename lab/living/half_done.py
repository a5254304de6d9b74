"""Verbs that earlier commands left half-done in an open lab, completed at the beginning of a turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from lab.errors import LabError
from lab.runtime.progress import Told


class HalfDone(Protocol):
    """The methods of an open lab that complete half-done verbs; call them inside a turn."""

    def agree(self) -> None:
        """Apply the network on file to the router."""
        ...

    def record_found(self) -> None:
        """Record the states of brokers that verbs have taken out."""
        ...

    def interrupted(self) -> Sequence[tuple[str, str]]:
        """Return (verb, broker) for each reboot, creation or deletion that was interrupted."""
        ...

    def complete(self, broker: str) -> object:
        """End an interrupted reboot, creation or deletion."""
        ...

    def due(self) -> Sequence[str]:
        """Return the brokers whose maintenance window has opened with a change pending."""
        ...

    def reboot(self, broker: str) -> object:
        """Reboot a broker."""
        ...


def catch_up(live: HalfDone, progress: Told) -> None:
    """Apply the network on file, end interrupted verbs and reboot for due windows; a failure is only a warning."""
    with warned("apply the recorded network to the router", progress):
        live.agree()
    record_found(live, progress)
    for verb, broker in live.interrupted():
        stage = f"end the {verb} of {broker} that was interrupted"
        with warned(stage, progress), progress.stage(stage):
            live.complete(broker)
    for broker in live.due():
        stage = f"reboot {broker}, whose maintenance window has opened"
        with warned(stage, progress), progress.stage(stage):
            live.reboot(broker)


def record_found(live: HalfDone, progress: Told) -> None:
    """Record the states of brokers that verbs have taken out; a failure is only a warning."""
    with warned("record the brokers' current states", progress):
        live.record_found()


@contextmanager
def warned(stage: str, progress: Told) -> Iterator[None]:
    """Show an error of the block as a warning, and continue after the block."""
    try:
        yield
    except (LabError, OSError) as error:
        progress.warn(f"could not {stage}: {error}")
