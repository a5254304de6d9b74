"""The Docker engine: connections to it, and containers, networks and volumes that labs leave on it."""
