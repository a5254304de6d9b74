"""Scenarios invented by seed, with the verdicts that they must have; the histories of real brokers are kept."""
