"""The places of applications beside the brokers, and the containers there."""
