"""The current generation, Centrifugo 5 and 6, and 3 and 4 through their single endpoint. Pure.

- `commands/`: the methods of the server API; `results/`: their results
- `codec`, `single_endpoint`: turn commands into requests and replies into outcomes; `server_codec`: the server's side
- `client_protocol/`: the messages of client connections, both directions; `watcher`: a client that watches channels
"""
