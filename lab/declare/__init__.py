"""What a person writes: topology and scenario files, read with line numbers into frozen values."""
