"""What only a Centrifugo 6 server does: its configuration, its channel names, its API. All PURE."""
