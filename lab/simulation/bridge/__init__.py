"""Bridges between brokers, at both ends: a network connector finds, opens, feeds, watches and loses them."""
