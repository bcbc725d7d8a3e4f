"""What a server keeps in memory: channels, connections, events. Pure."""
