"""Truths about networks of brokers, invented by seed, the histories that a lab would have of them, and the judge's word."""
