"""Verbs that make, sign and explain tokens, and the options that name their keys.

Only `cli` imports this.
"""
