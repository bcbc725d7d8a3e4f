"""A Centrifugo server inside this process, for development, demonstrations and tests.

Only `testing` and `cli` may import this package; it does not import `client`.
"""

from centripetal.server.embedded import EmbeddedServer, UnhonouredConfigWarning
from centripetal.server.serve import serve

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning", "serve"]
