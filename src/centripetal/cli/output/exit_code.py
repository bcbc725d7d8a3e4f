"""The exit codes of the program."""

import enum

__all__ = ["ExitCode"]


class ExitCode(enum.IntEnum):
    """Exit codes, each with its text for the help. Codes above 128 are 128 plus the number of a signal."""

    OK = 0, "success"
    REFUSED = 1, "the server rejected the command"
    USAGE = 2, "invalid command line; nothing was sent"
    TRANSPORT = 3, "no connection, a timeout, or a lost connection"
    AUTHENTICATION = 4, "the server rejected the secret, the API key or the token"
    RESPONSE = 5, "unexpected reply: an HTTP status other than 200, or a malformed body"
    SYSTEM = 6, "this machine failed: the output cannot be written, or too many files are open"
    HUNG_UP = 129, "load was stopped by SIGHUP: its terminal was closed"
    INTERRUPTED = 130, "Ctrl-C"
    PIPE_CLOSED = 141, "the reader of the output has exited"
    TERMINATED = 143, "load was stopped by SIGTERM"

    text: str

    def __new__(cls, code: int, text: str) -> "ExitCode":
        member = int.__new__(cls, code)
        member._value_ = code
        member.text = text
        return member
