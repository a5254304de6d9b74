"""The operations of EC2 that a network of brokers needs, a function for each; no wire format is known here."""
