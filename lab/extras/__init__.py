"""What the core does without: each package has its own commands, and the core finds it by its `EXTRA`."""
