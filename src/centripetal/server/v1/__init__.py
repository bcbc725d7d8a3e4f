"""The Centrifugo 1.x server: configuration, channel names, API, sessions, metrics. All modules are PURE.

`service.py` creates a server; only `server/configuration` and `testing` may import this package.
"""
