"""Handlers of proxy events, the application's half of Centrifugo's proxies. `centripetal.proxy` exports the names."""
