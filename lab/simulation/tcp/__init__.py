"""TCP as brokers and clients feel it: connections that open, carry frames in order, fall silent, and break."""
