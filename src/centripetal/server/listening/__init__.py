"""Sockets, HTTP/1.1 and WebSocket of the embedded server."""
