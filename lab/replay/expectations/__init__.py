"""Conditions for the end of waiting: whether a claim has come true, in a file for each kind that is waited for."""
