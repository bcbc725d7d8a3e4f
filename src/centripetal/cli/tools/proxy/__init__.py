"""`centripetal proxy`: the configuration of a server for handlers of proxy events, and checks of it.

Only `app.py` and `doctor` import this package.
"""
