"""The console: a web page that shows what happens in an embedded server and lets people act on it.

`stream.Console` connects the parts: `guard` controls access, `endpoints` answers requests, `feed` stores recent events,
`problems` explains errors, `backend` is the interface to each server generation, and `page/` holds the browser's files.
"""
