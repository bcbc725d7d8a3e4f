"""What a server keeps in memory: channels, connections, events. All PURE.

Everything in `server/` may import it; it imports nothing of `server/`.
"""
