"""Sockets, HTTP/1.1 and WebSocket of the embedded server, and the thread that it runs in.

Pure modules of `server/` may import only the pure ones: `handshake`, `http1`, `responses`.
"""
