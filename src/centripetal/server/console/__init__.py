"""The console: a page that shows what happens in an embedded server, and lets people act on it.

`stream.Console` puts the parts together: `guard` says who may, `endpoints` answers, `feed` remembers what happened,
`problems` says what went wrong, `backend` is what a server's generation gives for it, `page/` is what browsers get.
"""
