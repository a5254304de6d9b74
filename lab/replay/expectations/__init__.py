"""How it is seen that a claim has come true, for kinds that a lab listens on for: a file of the claim's name."""
