"""Keep secrets out of tracebacks. PURE.

Error reporters (Sentry, rich, `pytest --showlocals`) show the local variables of every frame of a traceback. A function
that takes a secret as an argument therefore must not have a frame in the traceback of its errors.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["discreet"]

F = TypeVar("F", bound=Callable[..., Any])


def discreet(function: F) -> F:
    """Wrap *function*, whose arguments may contain secrets: its errors have no frames that hold the arguments."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            _drop_frames(error)
            raise error.with_traceback(None)  # noqa: B904 - the same error: its cause stays as it is

    return cast(F, call)


def _drop_frames(error: BaseException) -> None:
    """Remove the tracebacks of *error*'s causes, which contain frames of the same function."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
