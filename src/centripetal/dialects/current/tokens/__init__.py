"""JSON Web Tokens: made, checked as the server does, explained (spec v6 §10)."""
