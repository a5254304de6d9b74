"""Conditions that end a wait: whether an expectation has come true. A file for each kind that a lab waits for."""
