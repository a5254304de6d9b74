"""A run's history → a scenario file: its steps, at their times, and notes on everything that cannot become a step.

A replay's steps are those of the scenario that it ran. Of a running lab they are the verbs, messages and subscriptions
of commands, programs and tests. A part that cannot become a step is a note: a comment in the file, and a warning.
"""

from lab.transcript.making import Transcript, transcript
from lab.transcript.writing import scenario_files

__all__ = ["Transcript", "scenario_files", "transcript"]
