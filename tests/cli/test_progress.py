"""Progress where stderr is no terminal: work that lasts says so, and work that ends soon does not."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from lab.cli.progress import TerminalProgress
from lab.runtime.clock import RealClock


def test_a_stage_that_lasts_is_told_before_it_ends() -> None:
    out = StringIO()
    progress = TerminalProgress(Console(file=out), late_seconds=0.0)
    with progress.stage("build the broker's image"):
        assert RealClock().wait(lambda: "… build the broker's image (0 s so far)" in out.getvalue(), 30)
    assert "✔ build the broker's image" in out.getvalue()


def test_nothing_more_is_told_of_a_stage_that_ends_soon_or_of_a_quiet_command() -> None:
    out = StringIO()
    with TerminalProgress(Console(file=out), late_seconds=3600).stage("build"):
        pass
    assert out.getvalue().startswith("✔ build") and "so far" not in out.getvalue()
    quiet = StringIO()
    with TerminalProgress(Console(file=quiet), quiet=True, late_seconds=0.0).stage("build"):
        pass
    assert quiet.getvalue() == ""


def test_waiting_leaves_no_line_behind() -> None:
    out = StringIO()
    with TerminalProgress(Console(file=out), late_seconds=3600).waiting("examine this machine"):
        pass
    assert out.getvalue() == ""
