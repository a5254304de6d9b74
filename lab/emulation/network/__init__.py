"""The networks of a lab and the router between them."""
