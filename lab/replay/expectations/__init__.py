"""Conditions that end a wait, because an expectation is true: a file for each kind that a lab waits for."""
