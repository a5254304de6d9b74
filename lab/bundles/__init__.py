"""Bundles: one archive that sets up mqlab on machines without network."""
