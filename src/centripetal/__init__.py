"""centripetal: publish from Python to Centrifugo."""
