"""`centripetal doctor`: checks of the network, the server, a channel, a token and client connections.

Only `app.py` imports this package.
"""
