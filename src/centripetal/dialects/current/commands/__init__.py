"""All methods of the server API of Centrifugo 3 to 6. To add a method, define a class in its module.

See protocol 6: methods.

A class defines the method's name, number and fields. Its base `Method[R]` sets the type of the result. Fields have the
server's names; required fields are positional, options are keyword-only. This package exports the names in each
module's `__all__`. Any pure module that speaks the current API may import it.
"""

from typing import Any

from centripetal.dialects.current.commands import channels, connections, maps, node, publishing
from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.commands.channels import *  # noqa: F403 - its __all__
from centripetal.dialects.current.commands.connections import *  # noqa: F403
from centripetal.dialects.current.commands.custom import Custom, custom
from centripetal.dialects.current.commands.maps import *  # noqa: F403
from centripetal.dialects.current.commands.node import *  # noqa: F403
from centripetal.dialects.current.commands.pro import devices, pushes, users
from centripetal.dialects.current.commands.pro.devices import *  # noqa: F403
from centripetal.dialects.current.commands.pro.pushes import *  # noqa: F403
from centripetal.dialects.current.commands.pro.users import *  # noqa: F403
from centripetal.dialects.current.commands.publishing import *  # noqa: F403

__all__ = ["COMMANDS", "Custom", "custom"]
__all__ += channels.__all__
__all__ += connections.__all__
__all__ += maps.__all__
__all__ += node.__all__
__all__ += publishing.__all__
__all__ += devices.__all__
__all__ += pushes.__all__
__all__ += users.__all__

COMMANDS: tuple[type[Method[Any]], ...] = tuple(
    found
    for module in (publishing, connections, channels, node, maps, users, devices, pushes)
    for name, found in vars(module).items()
    if name in module.__all__ and issubclass(found, Method)
)
"""All methods, in the order in which the modules define them."""
