"""Ways to carry a request to a server and its reply back; each is one method (`base`)."""
