"""The verbs of the cloud, done to a living Lab: decided by a pure function, done, and told."""
