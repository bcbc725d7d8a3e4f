"""The protocols of the two generations of servers: `v1` for Centrifugo 1.x, `current` for 3 to 6. Pure."""
