"""History → Report: one verdict per expectation, from the history alone."""

from __future__ import annotations

from lab.judge.judging import Judged, Streamed, judge, judge_file, judge_whole
from lab.judge.values import Outcome, Report, Verdict

__all__ = ["Judged", "Outcome", "Report", "Streamed", "Verdict", "judge", "judge_file", "judge_whole"]
