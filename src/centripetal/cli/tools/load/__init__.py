"""`centripetal load`: reading commands from a file, sending them in groups, keeping those that failed.

Only `app.py` imports it.
"""
