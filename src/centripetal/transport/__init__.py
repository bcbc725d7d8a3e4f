"""Transports: send an HTTP request and return its reply. The interface, in `base`, is one method."""
