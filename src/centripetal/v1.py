"""Public API for Centrifugo 1.x: everything that the Go client gocent v1 does, and more.

    from centripetal.v1 import Client

    client = Client("http://localhost:8000", "secret")
    client.publish("news", {"text": "hello"})

A name is listed once, in the `__all__` of its module: what these modules export is public.
"""

from centripetal.client import v1 as clients
from centripetal.client.bulk.tally import BulkError, PublishSummary
from centripetal.client.misuse import BlockingCallWarning
from centripetal.client.options import ClientOptions, Limits
from centripetal.client.v1 import *  # noqa: F403 - its __all__
from centripetal.dialects.v1 import commands, replies, results
from centripetal.dialects.v1.commands import *  # noqa: F403
from centripetal.dialects.v1.credentials import generate_api_sign, generate_channel_sign, generate_client_token
from centripetal.dialects.v1.replies import *  # noqa: F403
from centripetal.dialects.v1.results import *  # noqa: F403
from centripetal.errors import (
    AuthenticationError,
    BroadcastError,
    CentripetalError,
    ClientNotEmptyError,
    ConnectError,
    ConnectionLostError,
    HistoryGapError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.protocol.command import Command
from centripetal.transport import base
from centripetal.transport.base import *  # noqa: F403

__all__ = ["BlockingCallWarning", "BulkError", "ClientOptions", "Command", "Limits", "PublishSummary"]
__all__ += ["generate_api_sign", "generate_channel_sign", "generate_client_token"]
__all__ += ["AuthenticationError", "BroadcastError", "CentripetalError", "ClientNotEmptyError", "ConnectError"]
__all__ += [
    "ConnectionLostError",
    "HTTPStatusError",
    "HistoryGapError",
    "MalformedResponseError",
    "ServerError",
    "TimeoutError",
]
__all__ += ["TransportError", "UsageError"]
__all__ += clients.__all__
__all__ += commands.__all__
__all__ += replies.__all__
__all__ += results.__all__
__all__ += base.__all__
