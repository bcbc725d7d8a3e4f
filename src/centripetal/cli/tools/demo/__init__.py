"""`centripetal demo`: the script, a live subscriber, and the output of both.

Only `app.py` imports this package.
"""
