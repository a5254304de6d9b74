"""Topology → Plan: everything a runtime needs to open a lab, decided without touching anything."""
