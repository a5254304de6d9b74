"""Truths about networks of brokers, invented by seed, and what the judge says of the histories that a lab has of them."""
