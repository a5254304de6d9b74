"""Judges: one module per expectation, whose `judge` returns the finding of a claim from the evidence."""
