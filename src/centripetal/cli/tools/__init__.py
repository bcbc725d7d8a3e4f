"""Verbs that are not API commands: `load`, `watch`, `doctor`, `serve` and `demo`.

`app.py` registers them. A tool of several modules is a folder whose `verb.py` is what is typed.
"""
