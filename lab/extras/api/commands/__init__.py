"""The commands of the served APIs, and their answers to `up` and `down`."""
