"""What to do about the refusals that somebody who watches channels meets, in words."""

__all__ = ["NO_RECOVERY", "OF_CLOSES", "OF_ERRORS", "TOO_LONG_AGO", "UNKNOWN"]

NO_RECOVERY = "its namespace lets nobody recover (`allow_recovery` or `force_recovery`, and a history)"
TOO_LONG_AGO = "its history does not reach back to the last publication seen, or has begun anew"

UNKNOWN = (
    "it wants a token: give its `client.token.hmac_secret_key` as the key of tokens, or a token; without one it takes "
    "only clients with `client.allow_anonymous_connect_without_token` or `client.insecure`"
)
# What to do about the codes of close frames (spec v6 §18.2).
OF_CLOSES = {
    3500: "the key of tokens is not the server's, or something is wrong with the token (`centripetal token explain`)",
    3501: "perhaps it is of another generation, or a namespace in the token is unknown",
    3502: "it saw no connect command in time",
    3503: "the back end has disconnected the user",
    3504: "the user has as many connections as `client.user_connection_limit` allows, or a newer one replaced this",
    3505: "more channels than `client.channel_limit` allows",
    3506: "it had bytes to send that are no JSON (b64data): such channels cannot be watched in JSON",
    3507: "it does not permit that",
}
# What to do about errors of subscribe and connect (spec v6 §18.1).
OF_ERRORS = {
    100: "see the server's log",
    101: "the token does not say who it is for",
    102: "what stands before ':' in a channel must be a namespace of the server's configuration",
    106: "more channels than `client.channel_limit` allows",
    107: "the name is longer than `channel.max_length`, not ASCII, or not as `channel_regex` of the namespace has it",
    109: "the token has expired: make another one; a token made just now means that clocks differ",
    110: "the `expire_at` of the token is past: make another one",
}
