"""The Docker engine: connecting to it, what labs leave on it, and what this machine lacks."""
