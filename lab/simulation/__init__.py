"""The runtime of models: a Plan opened as a lab in virtual time, without containers."""

NAME = "simulation"  # of this runtime, in notes and histories
