"""Methods of the PRO edition of Centrifugo: users, tokens, devices and pushes.

See protocol 6: pro-methods, table-pro-requests.

The open-source server replies 404 (error 104 in a batch), and the exception says that the method needs PRO. The fields
come from the published API definition; they have not been tested against a PRO server.
"""
