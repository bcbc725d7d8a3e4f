"""Clients: commands as methods, batches, buffers, shared requests. Only the drivers and the queues of calls wait."""
