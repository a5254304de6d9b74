"""The emulation: a Plan opened in containers. The only folder that imports docker and testcontainers."""
