"""What a history proves: messages, faults, counters, put in order for the expectations."""
