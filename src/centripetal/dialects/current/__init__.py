"""The current generation, Centrifugo 5 and 6 (3 and 4 by their single endpoint).

Commands, results, codec, tokens, frames of the client protocol.
"""
