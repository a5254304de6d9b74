"""Who is expected to receive which message, who may, and until when: the rules that the replay and the judge ask."""
