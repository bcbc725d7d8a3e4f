"""Verbs that are not API commands: load, watch, doctor, serve, demo."""
