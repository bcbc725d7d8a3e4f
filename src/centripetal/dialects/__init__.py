"""What each generation of servers says: `v1` is Centrifugo 1.x, `current` is 3 to 6. Pure."""
