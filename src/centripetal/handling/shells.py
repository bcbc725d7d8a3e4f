"""The checks of a request line that ASGI and WSGI share."""

from centripetal.handling.flow import NoAnswer
from centripetal.handling.log import warn_rarely

__all__ = ["kind_of"]


def kind_of(method: str, path: str) -> str:
    """Return the kind of event that a request asks for: the last segment of its *path*.

    Raises:
        NoAnswer: the request is not a POST.
    """
    if method != "POST":
        warn_rarely(
            "refused a %.20s request: Centrifugo sends POST. After a redirect it sends GET without the body, so write "
            "the endpoint in its configuration exactly as this application serves it, with or without the last slash",
            method,
        )
        raise NoAnswer(405, "Centrifugo sends POST")
    return path.rpartition("/")[2] or path.rstrip("/").rpartition("/")[2]
