"""What only a Centrifugo 1.x server does: configuration, channel names, API, sessions, metrics. All PURE.

`service.py` builds a server; only `server/configuration` and `testing` import from here.
"""
