"""Proxy events of Centrifugo 6: the questions, the answers, and how the server reads an answer. PURE.

See protocol 6: proxy-events.
"""
