"""Centrifugo 5 and 6, and 3 and 4 by their single endpoint (spec v6)."""
