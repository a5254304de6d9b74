"""Open labs: their verbs, done in turns, their clients and their history, whichever runtime opened them."""
