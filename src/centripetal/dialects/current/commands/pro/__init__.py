"""Methods of the PRO edition of Centrifugo (spec v6 §5.17, §18.5): users, tokens, devices and pushes.

The open-source server replies 404 (error 104 in a batch), and the exception says that the method needs PRO. The fields
come from the published API definition; they have not been tested against a PRO server.
"""
