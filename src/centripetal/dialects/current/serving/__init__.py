"""The server's side of the HTTP API (spec v6 §4, §5): what it is asked (`requests`), what it answers (`answers`), and
both as JSON (`reading`)."""
