"""The network between brokers: regions, VPCs, links. Pure values and rules; nothing here touches a real network."""
