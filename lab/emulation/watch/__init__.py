"""What the brokers show: management, logs, readiness, status."""
