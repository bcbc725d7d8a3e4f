"""The server's side of the HTTP API: what it is asked, what it answers (spec v6 §4, §5)."""
