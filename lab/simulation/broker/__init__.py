"""The model of an ActiveMQ broker: destinations, subscriptions, store, rights, counters and log, and no network."""
