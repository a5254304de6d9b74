"""A configuration's XML: read, sanitised as the service does, advised on; kept to the letter."""
