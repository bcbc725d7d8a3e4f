"""`publish_many`: any number of items from an iterable, in full requests, with flat memory.

Imported by the clients of this package; imports `protocol` and `errors` only.
"""
