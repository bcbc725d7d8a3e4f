"""Parsing of configurations, as lenient as the real servers; `loading` detects the generation of a configuration.

`v1/config.py` and `current/config.py` import `spelling` and `value_readers`; `loading` imports both config modules.
"""
