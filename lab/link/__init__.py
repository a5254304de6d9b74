"""What becomes of a packet on a link, decided without a device or a clock.

Of the standard library alone, and of nothing else of `lab`: the router's image has a copy of this folder.
"""
