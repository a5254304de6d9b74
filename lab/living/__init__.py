"""A lab that stands: whoever changes it takes a turn; nothing here depends on the runtime that opened it."""
