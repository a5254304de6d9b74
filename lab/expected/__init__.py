"""Who is expected to receive which message, who may, and until when: the rules that replay, judge and check ask."""
