"""Judges: one module per expectation, whose `judge` returns the finding of an expectation from the evidence."""
