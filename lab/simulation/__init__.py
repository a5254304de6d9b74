"""The runtime of models: a Plan opened as a lab in virtual time, without containers."""
