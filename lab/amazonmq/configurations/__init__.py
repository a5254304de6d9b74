"""A configuration's XML: read, sanitised as the service does, and advised on. What is kept is kept byte for byte."""
