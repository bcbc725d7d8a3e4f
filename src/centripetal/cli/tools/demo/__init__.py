"""`centripetal demo`: the script, a live subscriber, and how both are shown.

Only `app.py` imports it.
"""
