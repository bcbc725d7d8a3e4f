"""What only a Centrifugo 6 server does: its configuration, channel names, API, sessions. All PURE."""
