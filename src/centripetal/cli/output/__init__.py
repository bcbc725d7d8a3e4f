"""Printing for people and as JSON; errors and exit codes."""
