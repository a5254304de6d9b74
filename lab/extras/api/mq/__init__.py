"""The operations of Amazon MQ, a function for each; no wire format is known here."""
