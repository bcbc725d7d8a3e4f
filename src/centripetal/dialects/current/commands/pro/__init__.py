"""The methods that only the PRO edition of Centrifugo knows (spec v6 §5.17, §18.5): users, tokens, devices and pushes.

The open server answers 404 (error 104 in a batch); the error says so. The fields were read from the published API, no
PRO server was there to try them.
"""
