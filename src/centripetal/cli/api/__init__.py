"""Verbs made from API commands: how their fields are typed, what the help says, how results are shown.

`app.py` registers them; tools and tokens may use how JSON and files are read.
"""
