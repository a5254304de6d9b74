"""The three images of a lab: base, broker, router."""
