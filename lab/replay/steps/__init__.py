"""The performers of the steps: a file for each kind, with its function `perform`."""
