"""Browsers for tests: clients of the test server that connect, subscribe and receive like a browser.

Imported by `testing/current.py` and `testing/v1.py`; imports the server and the dialects, and no client of the API.
"""
