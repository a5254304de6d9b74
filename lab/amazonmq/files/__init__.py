"""The files that a real broker starts from."""
