"""Asking the application: over HTTP as the real server does (`over_http`), or its handlers in this process."""
