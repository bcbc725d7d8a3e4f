"""JSON Web Tokens of Centrifugo 3 and later: with which browsers connect and subscribe.

from centripetal.tokens import connection_token, subscription_token

token = connection_token("the server's hmac_secret_key", 42, info={"name": "Ann"})
"""

from centripetal.client.tokens import connection_token, explain, subscription_token
from centripetal.dialects.current.tokens.claims import ConnectionClaims, Override, SubscribeClaims, SubscriptionClaims
from centripetal.dialects.current.tokens.credentials import Key, Lifetime, SubscribeOptions, Time, User
from centripetal.dialects.current.tokens.explaining import Explanation
from centripetal.dialects.current.tokens.signatures import Algorithm
from centripetal.dialects.current.tokens.signing import SigningKey
from centripetal.dialects.current.tokens.verifying import (
    TokenKeys,
    TokenRefused,
    verify_connection,
    verify_subscription,
)
from centripetal.errors import UsageError

__all__ = [
    "Algorithm",
    "ConnectionClaims",
    "Explanation",
    "Key",
    "Lifetime",
    "Override",
    "SigningKey",
    "SubscribeClaims",
    "SubscribeOptions",
    "SubscriptionClaims",
    "Time",
    "TokenKeys",
    "TokenRefused",
    "UsageError",
    "User",
    "connection_token",
    "explain",
    "subscription_token",
    "verify_connection",
    "verify_subscription",
]
