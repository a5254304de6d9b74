"""What knows nothing of brokers and networks: files, signals, text, settings, masks of secrets."""
