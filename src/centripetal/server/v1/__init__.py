"""What only a Centrifugo 1.x server does: its configuration, channel names, API, sessions, metrics. All PURE."""
