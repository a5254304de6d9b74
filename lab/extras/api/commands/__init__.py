"""The commands of the served APIs, and what they do for `up` and `down`."""
