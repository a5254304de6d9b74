"""mqlab: rehearse a cross-region Amazon MQ (ActiveMQ Classic) network on one computer."""

__version__ = "0.1.0"
