"""trace: the way of one message, of an application or of the lab's own clients."""

from __future__ import annotations

import sys

from lab.cli import options
from lab.cli.history import HISTORY, find
from lab.cli.options import JSON, argument
from lab.report.timeline import text
from lab.report.traces import find as trace_of


def trace(
    message: str = argument(
        "MESSAGE",
        "A message id, a part of a message id or correlation id, or last:DESTINATION for the last message sent there.",
    ),
    run: str | None = HISTORY,
    json: bool = JSON,
) -> None:
    """Show the way and the outcome of one message, sent by an application or by a client of the lab.

    Example: mqlab trace last:orders
    """
    way = trace_of(find(run, "trace"), message)
    if json:
        rows = [{"t": row.t, "broker": row.actor, "event": row.text} for row in way.rows if row.until is None]
        options.print_json({"message": way.message, "events": rows, "outcome": way.outcome, "gaps": list(way.gaps)})
        return
    out, only_ascii = options.out(), options.only_ascii()
    out.print(f"message {way.message}", soft_wrap=True, markup=False)
    colour = out.color_system is not None
    for row in way.rows:
        line = text(row, only_ascii=only_ascii, colour=colour)
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()
    out.print(f"outcome: {way.outcome}", soft_wrap=True, markup=False)
    for gap in way.gaps:
        options.err().print(f"mqlab: {gap}", soft_wrap=True, markup=False)
