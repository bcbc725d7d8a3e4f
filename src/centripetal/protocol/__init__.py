"""Pure logic shared by all dialects: no sockets, no clock, no randomness, no logging."""
