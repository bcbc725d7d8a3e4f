"""The current generation, Centrifugo 5 and 6 (3 and 4 by their single endpoint). Pure.

- `commands/`: the methods of the server API; `results/`: what the server answers
- `codec`, `single_endpoint`: commands to requests, replies to outcomes; `server_codec`: the server's side of the same
- `client_protocol/`: the messages of client connections, both directions; `watcher`: a client that watches channels
"""
