"""Pure machinery that knows no dialect: no socket, no clock, no randomness, no logging."""
