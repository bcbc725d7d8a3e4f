"""The JSON messages of Centrifugo 6's client protocol over WebSocket: PURE, both directions.

See protocol 6: client-protocol.

    server                                        client
    read_commands(message): Command, ...     <-   encode_commands([Command(1, subscribe=Subscribe("c")), ...])
    encode_reply(Reply(1, subscribe=...))    ->   decode_replies(message): Reply, ...
    encode_push(Push("c", pub=...))          ->   a Reply with a push; `PING` is an empty Reply
    Disconnect(3500, "invalid token")        ->   sent as code and reason of the close frame

A message consists of lines, each with one command or reply; the server may put any number of lines into a message.
Exactly one field of a command or reply is set and holds its content; `Command.request()` returns it. Structs have the
names and fields of the protocol definition, and missing fields have their zero value. Commands are defined in
`commands`, replies and pushes in `replies`.
"""
