"""The current generation, Centrifugo 5 and 6 (3 and 4 by their single endpoint).

- `api`: the methods of the server API, a chapter a file, and what they answer
- `codec` and its neighbours here: methods to requests, replies to outcomes
- `serving`: the server's side of the same API
- `tokens`: JSON Web Tokens, made, checked and explained
- `realtime`: the client protocol, both directions, and what it takes to watch channels
"""
