"""Verbs that are not API commands: `load`, `watch`, `doctor`, `serve` and `demo`.

`app.py` registers them. A tool with several modules is a folder whose `verb.py` holds the verb.
"""
