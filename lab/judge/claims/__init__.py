"""One expectation each: a function from Evidence to a Verdict."""
