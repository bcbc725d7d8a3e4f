"""Verbs that make, sign and explain tokens."""
