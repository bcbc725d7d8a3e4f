"""The command line. `app.py` puts the verbs together; each verb is a function that takes the `Settings`.

Nothing imports it but `__main__.py`.
"""
