"""ActiveMQ's own rules, which judge, replay, clients and both runtimes share. Pure; nothing here reads a file."""
