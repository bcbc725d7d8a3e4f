"""The Centrifugo 6 server: configuration, channel names, API, client sessions. All PURE.

`service.py` builds a server; only `server/configuration` and `testing` import from here.
"""
