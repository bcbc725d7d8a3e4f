"""Reads configurations as the real servers do; `loading` finds out for which generation one is.

`v1/config.py` and `current/config.py` import `spelling` and `value_readers`, and `loading` imports those two.
"""
