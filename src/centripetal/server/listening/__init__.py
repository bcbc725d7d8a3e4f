"""The sockets, HTTP/1.1, WebSocket and thread of the embedded server.

Pure modules of `server/` may import only the pure modules of this package: `handshake`, `http1`, `responses`.
"""
