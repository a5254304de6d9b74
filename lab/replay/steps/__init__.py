"""What each kind of step does to a Lab."""
