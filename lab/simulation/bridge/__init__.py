"""Bridges between brokers: how a network connector finds, opens, feeds, watches and loses one, at both of its ends."""
