"""The seam between runtimes and the rest: protocols and values that every runtime shares."""
