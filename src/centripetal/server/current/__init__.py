"""What only a Centrifugo 6 server does: configuration, channel names, API, sessions. All PURE.

`service.py` builds a server; only `server/configuration` and `testing` import from here.
"""
