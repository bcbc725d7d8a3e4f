"""Verbs made from commands: what is typed, and how results are shown."""
