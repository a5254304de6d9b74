"""Observation of the brokers: management, logs, readiness, status."""
