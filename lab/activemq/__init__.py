"""ActiveMQ's own rules, shared by judge, replay, clients and the runtimes. Pure; nothing here reads a file."""
