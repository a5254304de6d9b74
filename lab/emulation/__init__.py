"""Emulation: a Plan opened in containers. The only folder that knows docker and testcontainers."""
