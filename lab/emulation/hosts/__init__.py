"""The places of applications beside the brokers, and what stands there."""
