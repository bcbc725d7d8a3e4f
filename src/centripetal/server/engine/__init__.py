"""The state that a server keeps in memory: channels, connections, events. All modules are PURE.

Every module of `server/` may import this package; it imports no other module of `server/`.
"""
