"""Run the command line as a separate process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from centripetal.server import EmbeddedServer
from tests.cli.conftest import SECRET

__all__ = ["MODULE", "SCRIPT", "environment", "run"]


SCRIPT = str(Path(sys.executable).with_name("centripetal"))


MODULE = (sys.executable, "-m", "centripetal")


def environment(server: EmbeddedServer | None = None, **more: str) -> Mapping[str, str]:
    named = {"CENTRIFUGO_API_URL": server.url, "CENTRIFUGO_SECRET": SECRET} if server else {}
    return {**os.environ, **named, **more}


def run(*arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    command = [*MODULE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env=env)
