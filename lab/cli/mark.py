"""mark: a name for a moment in the history of an open lab."""

from __future__ import annotations

from lab.cli import open_lab, options
from lab.cli.options import BY_OPTION, JSON, RUN, argument
from lab.living.lab import refuse_replayed


def mark(
    text: str = argument("TEXT", 'The name of the mark, for example "before the cut".'),
    run: str | None = RUN,
    json: bool = JSON,
    by_option: str | None = BY_OPTION,
) -> None:
    """Add a mark to the history of a running lab.

    `mqlab judge --from` and `--to` accept the mark.

    Example: mqlab mark "before the cut"
    """
    note = open_lab.load_note(options.one_run(run, by_option))
    refuse_replayed(note)
    t = note.now()  # before the lab is reached, whose passwords are masked in the text
    with open_lab.attached(note.run) as live:
        live.history.mark(text, t)
        text = live.lab.mask().text(text)
    options.show({"run": note.run, "t": t, "text": text}, [f"{t:.3f} s: {text}"], json)
