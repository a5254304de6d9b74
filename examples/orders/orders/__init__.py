"""Orders that are sent in Tokyo and billed in Singapore."""
