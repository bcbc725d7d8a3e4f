"""The client protocol of Centrifugo 6, what its WebSocket messages hold in JSON (spec v6 §11): PURE, both directions.

    server                                        client
    read_commands(message): Command, ...     <-   encode_commands([Command(1, subscribe=Subscribe("c")), ...])
    encode_reply(Reply(1, subscribe=...))    ->   decode_replies(message): Reply, ...
    encode_push(Push("c", pub=...))          ->   a Reply with a push in it; `PING` is one with nothing in it
    Disconnect(3500, "invalid token")        ->   its code and reason are those of the close frame

A message holds lines, each one command or reply; the server may put any number of them together. What a line says is
the one of its fields that is not None: `Command.request()`. Structs have the names and fields of the protocol's
definition; what is missing has its zero value. The left side is in `commands`, the right one in `replies`.
"""
