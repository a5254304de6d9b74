"""Messages that came to an application once, and of which a broker has another copy that may come too, or may have."""

from __future__ import annotations

from lab.base.units import several
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.wording import listed


def second_copies(chosen: Chosen, evidence: Evidence) -> tuple[int, str]:
    """Return how many messages may come or have come once more, and that in words with the first one; 0 and "" if none.

    A copy at a broker may still come. A copy that was dispatched and not acknowledged may have come.
    """
    applications = evidence.applications
    if applications is None:
        return 0, ""
    audience = chosen.audience
    once = applications.dispatches(audience.names)
    copies: list[tuple[float, str, str]] = []
    for tally in chosen.tallies:
        for number in tally.arrived if tally.publication.names else ():
            name, sent = tally.publication.names.get(number, ""), tally.publication.sent_at[number]
            known = name not in applications.ids.repeated
            copy = applications.copies.heard(name, audience.members, once_dispatched=once) if known else None
            if copy is not None:
                copies.append((sent, name, str(copy)))
            elif tally.dispatched(number):
                copies.append((sent, name, ""))
    if not copies:
        return 0, ""
    count = len(copies)
    _, name, where = min(copies)
    if where:
        more = "" if count == 1 else f" ({count} messages have another copy)"
        return count, f"another copy of {name} {where}, so it is unknown whether it comes too{more}"
    were, they = ("were", "they") if count > 1 else ("was", "it")
    return count, (
        f"{several(count, 'message')} to {listed(list(audience.names))} {were} dispatched more often than "
        f"acknowledged, first {name}, so it is unknown whether {they} came twice"
    )
