"""A Centrifugo server inside this process, for development, demonstrations and tests.

Only `testing` and `cli` import from here; it imports nothing of `client`.
"""

from centripetal.server.embedded import EmbeddedServer, UnhonouredConfigWarning
from centripetal.server.serve import serve

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning", "serve"]
