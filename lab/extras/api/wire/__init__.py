"""AWS's wire protocols, driven by service models; no operation is known here."""
