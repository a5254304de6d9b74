"""Truths about networks of brokers, invented by seed, and what the judge says of their histories."""
