"""The seam: what both runtimes share, and nothing of either."""
