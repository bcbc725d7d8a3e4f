"""Printing for people and as JSON; errors and exit codes.

Every part of the command line may import it; it imports no other part.
"""
