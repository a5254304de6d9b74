"""Messages that came to an application once, and of which a broker has another copy that may come too."""

from __future__ import annotations

from lab.judge.evidence.evidence import Chosen, Evidence


def second_copies(chosen: Chosen, evidence: Evidence) -> tuple[int, str]:
    """Return how many messages have another copy, and that in words with the first one; 0 and "" if none has."""
    applications = evidence.applications
    if applications is None:
        return 0, ""
    audience = chosen.audience
    dispatched = applications.dispatches(audience.names)
    copies = [
        (tally.publication.sent_at[number], name, copy)
        for tally in chosen.tallies
        if tally.publication.names
        for number in tally.arrived
        if (name := tally.publication.names.get(number, "")) not in applications.ids.repeated
        and (copy := applications.copies.heard(name, audience.members, once_dispatched=dispatched)) is not None
    ]
    if not copies:
        return 0, ""
    _, name, copy = min(copies, key=lambda each: each[0])
    more = "" if len(copies) == 1 else f" ({len(copies)} messages have another copy)"
    return len(copies), f"another copy of {name} {copy}, so it is unknown whether it comes too{more}"
