"""The Docker engine: reaching it, what labs leave on it, and what this machine lacks."""
