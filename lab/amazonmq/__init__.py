"""The Amazon MQ service: names, an account's records and verbs, configurations, and the files of a real broker."""
