"""Amazon MQ's API over HTTP: AWS's clients reach the records of a lab with their own requests."""
