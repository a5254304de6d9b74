"""The files a person writes, topologies and scenarios: read with line numbers into frozen values."""
