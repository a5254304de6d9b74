"""The brokers' containers: their files, their secrets, and their start, stop, kill and pause."""
