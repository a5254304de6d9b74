"""The facts that a history proves: messages, faults, counters, put in order for the expectations."""
