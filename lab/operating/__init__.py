"""The verbs of the cloud, done to a living Lab: decided by a pure function, done, and told.

Each takes a Control and gives a Done: the Control after it, and the Observations of it. Steps of a scenario and
commands on a running lab call the same functions.
"""

from lab.operating.done import Done

__all__ = ["Done"]
