"""Publish from Python to Centrifugo. Today's door is `centripetal.v1`, for Centrifugo 1.x.

from centripetal.v1 import Client
"""

from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ClientNotEmptyError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.version import __version__

__all__ = [
    "AuthenticationError",
    "CentripetalError",
    "ClientNotEmptyError",
    "ConnectError",
    "ConnectionLostError",
    "HTTPStatusError",
    "MalformedResponseError",
    "ServerError",
    "TimeoutError",
    "TransportError",
    "UsageError",
    "__version__",
]
