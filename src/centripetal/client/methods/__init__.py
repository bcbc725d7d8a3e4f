"""Commands as methods of each client and batch. Written by `scripts/methods`."""
