"""Pure decisions about packets on a link, and the router's file; no device and no clock is touched.

Imports the standard library alone, and nothing else of `lab`: the router's image has a copy of this folder.
"""
