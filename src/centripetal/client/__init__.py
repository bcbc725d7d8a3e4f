"""Commands as methods: blocking and awaited clients, batches, buffers. The two drivers are the only files that wait."""
