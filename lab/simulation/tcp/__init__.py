"""TCP as brokers and clients see it: connections that open, carry frames in order, fall silent, and break."""
