"""Printing for people and as JSON; errors and exit codes.

Every part of the command line may import this package; it imports no other part.
"""
