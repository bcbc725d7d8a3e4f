"""JSON Web Tokens with which clients connect to Centrifugo 3 and later and subscribe to channels.

from centripetal.tokens import connection_token, subscription_token

token = connection_token("the server's hmac_secret_key", 42, info={"name": "Ann"})

This package creates, verifies and explains tokens. All modules except `clock` are pure. The client, the servers,
`testing` and `cli` may import it; `dialects` must not.
"""

from centripetal.errors import UsageError
from centripetal.tokens.claims import ConnectionClaims, Override, SubscribeClaims, SubscriptionClaims
from centripetal.tokens.clock import connection_token, explain, subscription_token
from centripetal.tokens.explanation import Explanation
from centripetal.tokens.issuing import Key, Lifetime, SubscribeOptions, Time, User
from centripetal.tokens.signatures import Algorithm
from centripetal.tokens.signing_key import SigningKey, WeakKeyWarning
from centripetal.tokens.verification import TokenKeys, TokenRefused, verify_connection, verify_subscription

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
    "WeakKeyWarning",
    "connection_token",
    "explain",
    "subscription_token",
    "verify_connection",
    "verify_subscription",
]
