"""Finding an application's handlers by name, such as `app:proxy`."""

import importlib
import os
import sys
from typing import Any

from centripetal.errors import UsageError
from centripetal.handling.handlers import Handlers

__all__ = ["load_handlers"]


def load_handlers(name: str) -> Handlers:
    """Return the handlers of proxy events called *name*: `module:variable`, as for uvicorn and gunicorn.

    The module is looked for in the current folder, too.

    Raises:
        UsageError: there is no such module or variable, or it is not handlers. An error inside the module is raised as
            it is.
    """
    module_name, colon, path = name.partition(":")
    if not colon or not path or not all(part.isidentifier() for part in (*module_name.split("."), *path.split("."))):
        raise UsageError(f"handlers must be given as module:variable, such as app:proxy, not {name!r:.100}")
    if (folder := os.getcwd()) not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise UsageError(f"there is no module {error.name!r} for {name!r:.100}") from None
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(f"the module {module_name!r} has no {path!r}") from None
    if not isinstance(found, Handlers):
        raise UsageError(f"{name!r:.100} must be a centripetal.proxy.Handlers, not {type(found).__name__}")
    return found
