"""`centripetal load`: reads commands from a file, sends them in groups and keeps the failed ones.

Only `app.py` imports this package.
"""
