"""Verbs that create, sign and explain tokens, and the options for their keys.

Only other modules of `cli` import this package.
"""
