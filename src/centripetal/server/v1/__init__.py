"""What only a Centrifugo 1.x server does: its configuration, its channel names, its API, its metrics. All PURE."""
