"""Verbs generated from API commands: arguments and options, help texts, and printing of results.

Only `app.py` imports this package.
"""
