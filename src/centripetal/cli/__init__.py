"""The command line. `app.py` assembles the verbs; each verb is a function whose first argument is the `Settings`.

Only `__main__.py` imports this package.
"""
