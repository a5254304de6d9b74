"""What lies between brokers: regions, VPC addresses, links. Pure values and rules; nothing here touches a network."""
