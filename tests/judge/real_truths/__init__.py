"""Scenarios invented by seed, with the verdicts they must have; real brokers ran them once, and the histories are kept."""
