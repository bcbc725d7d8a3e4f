"""Profiles: named settings in a file of the user, `~/.config/centripetal/config.toml`.

    [profiles.staging]
    url = "https://staging.example.com"
    api_key = { file = "staging.key" }

Options and environment variables take precedence over a profile. Without `--profile`, the profile `default` is used if
there is one.
"""

import dataclasses
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from centripetal.cli.suggestions import did_you_mean
from centripetal.client.environment import environment_variable, file_value
from centripetal.errors import UsageError, shown
from centripetal.protocol.json_text import without_mark

__all__ = ["CONFIG", "DEFAULT_PROFILE", "NO_PROFILE", "PROFILE", "Profile", "Value", "chosen_profile", "config_path"]

CONFIG = "CENTRIPETAL_CONFIG"
"""Environment variable with the path of the file."""

PROFILE = "CENTRIPETAL_PROFILE"
"""Environment variable with the name of the profile."""

DEFAULT_PROFILE = "default"

_CREDENTIALS = ("api_key", "secret", "insecure")


@dataclasses.dataclass(frozen=True)
class Value:
    """A value of a profile. The repr omits the value, because it may be a secret.

    Attributes:
        value: the value, checked.
        reference: what the profile refers to for the value, for example "file staging.key"; empty for the value itself.
        in_file: whether the value is the content of a file.
    """

    value: Any = dataclasses.field(repr=False)
    reference: str = ""
    in_file: bool = False


@dataclasses.dataclass(frozen=True)
class Profile:
    """The values of a profile.

    Attributes:
        name: the name; empty if no profile is used.
        path: the file.
        values: the values by key.
        warnings: problems that do not prevent its use.
    """

    name: str = ""
    path: str = ""
    values: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def get(self, key: str) -> Any:
        """Return the value of *key*, or None."""
        found = self.values.get(key)
        return None if found is None else found.value

    def source(self, key: str) -> str:
        """Describe where the value of *key* comes from."""
        reference = self.values[key].reference
        return f"the profile {self.name!r}" + (f" ({reference})" if reference else "")


NO_PROFILE = Profile()


def config_path(environment: Mapping[str, str]) -> Path | None:
    """Return the path of the file, which may not exist; None if the environment has no home folder."""
    if given := environment.get(CONFIG):
        return Path(given)
    folder = environment.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(folder):  # the specification of XDG ignores relative paths
        return Path(folder, "centripetal", "config.toml")
    home = environment.get("HOME") or environment.get("USERPROFILE")
    return Path(home, ".config", "centripetal", "config.toml") if home else None


def chosen_profile(given: str | None, environment: Mapping[str, str]) -> Profile:
    """Return the profile that the option or the environment names, or `default`, or `NO_PROFILE` if there is none.

    Args:
        given: the value of `--profile`.
        environment: the environment variables.

    Raises:
        UsageError: the profile or the file does not exist, or is not valid.
    """
    name = given or environment.get(PROFILE)
    path = config_path(environment)
    if path is None or not (path.exists() or name or environment.get(CONFIG)):
        if name:
            raise UsageError(f"the profile {shown(name, 60)} cannot be read: set {CONFIG} to the path of a file")
        return NO_PROFILE
    profiles = _profiles(path)
    if not name and DEFAULT_PROFILE not in profiles:
        return NO_PROFILE
    name = name or DEFAULT_PROFILE
    if name not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        first = f"{path} has no profile {shown(name, 60)}; its profiles: {known:.200}."
        raise UsageError(_sentences(first, name, profiles))
    return _Reader(path, name, environment).profile(profiles[name])


def _profiles(path: Path) -> Mapping[str, Any]:
    """Return the tables of all profiles in the file."""
    import tomllib  # imported here, so that commands without a file start faster

    try:
        text = without_mark(path.read_bytes(), str(path)).decode()
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read the profiles in {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 at byte {error.start}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error!s:.200}") from None
    for key in content:
        if key != "profiles":
            first = f"{path}: unknown key {shown(key, 60)}: put settings into [profiles.NAME]."
            raise UsageError(_sentences(first, key, ["profiles"]))
    profiles = content.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise UsageError(f"{path}: profiles must be tables: write [profiles.NAME] above the settings")
    return profiles


def _sentences(first: str, name: str, known: Any) -> str:
    return " ".join(filter(None, (first, did_you_mean(name, known))))


class _Reader:
    """Reads the values of one profile."""

    def __init__(self, path: Path, name: str, environment: Mapping[str, str]) -> None:
        self._path = path
        self._name = name
        self._environment = environment
        self._warnings: list[str] = []

    def profile(self, table: Mapping[str, Any]) -> Profile:
        """Return the profile for its table."""
        self._warn_about_permissions(self._path)
        values: dict[str, Value] = {}
        for key, value in table.items():
            if key not in _KINDS:
                known = ", ".join(_KINDS)
                raise self._error(_sentences(f"unknown key {shown(key, 60)}: the keys are {known}.", key, _KINDS))
            values[key] = _KINDS[key](self, key, value)
        given = [key for key in _CREDENTIALS if key in values and values[key].value]
        if len(given) > 1:
            raise self._error(f"{given[0]} and {given[1]} cannot be combined: keep one of them")
        return Profile(self._name, str(self._path), values, tuple(self._warnings))

    def text(self, key: str, value: Any) -> Value:
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a text that is not empty", value)
        return Value(value)

    def urls(self, key: str, value: Any) -> Value:
        if isinstance(value, list) and value:
            return Value(",".join(self.text(key, each).value for each in value))
        return self.text(key, value)

    def path(self, key: str, value: Any) -> Value:
        return Value(str(self._absolute(self.text(key, value).value)))

    def seconds(self, key: str, value: Any) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self._wrong(key, "a number of seconds above 0", value)
        return Value(float(value))

    def server(self, key: str, value: Any) -> Value:
        if type(value) is not int or value not in (1, 6):
            raise self._wrong(key, "1 for Centrifugo 1.x or 6 for 3 and later", value)
        return Value(value)

    def flag(self, key: str, value: Any) -> Value:
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return Value(value)

    def headers(self, key: str, value: Any) -> Value:
        if not isinstance(value, dict):
            raise self._wrong(key, "a table of names and values", value)
        return Value({name: self.key(f"{key}.{name:.60}", text).value for name, text in value.items()})

    def key(self, key: str, value: Any) -> Value:
        """Read a secret: a text, or a reference to a file or an environment variable."""
        if isinstance(value, str):
            return self.text(key, value)
        if isinstance(value, dict) and len(value) == 1:
            kind, target = next(iter(value.items()))
            if kind == "file" and isinstance(target, str):
                path = self._absolute(target)
                content = file_value(self._place(key), str(path))
                self._warn_about_permissions(path)
                return Value(content, f"file {target}", in_file=True)
            if kind == "env" and isinstance(target, str):
                variable = environment_variable(self._environment, target)
                if variable is None:
                    raise self._error(f"{key} refers to the environment variable {shown(target, 60)}, which is not set")
                return Value(variable.value, f"variable {variable.name}", in_file=variable.names_file)
        raise self._error(f'{key} must be a text, {{ file = "PATH" }} or {{ env = "NAME" }}')

    def _absolute(self, target: str) -> Path:
        """Return the path for *target*, which is relative to the folder of the file, or to the home folder after ~."""
        home = self._environment.get("HOME")
        if target.startswith("~/") and home:
            return Path(home, target[2:])
        return self._path.parent / target

    def _warn_about_permissions(self, path: Path) -> None:
        if os.name == "posix" and (status := path.stat()) and stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            self._warnings.append(f"other users can access {path}: run `chmod 600 {path}`")

    def _wrong(self, key: str, wanted: str, value: Any) -> UsageError:
        # Not the value: a key may be in the wrong place.
        return self._error(f"{key} must be {wanted}, not {_TYPES.get(type(value), 'another value')}")

    def _error(self, text: str) -> UsageError:
        return UsageError(self._place(text))

    def _place(self, text: str) -> str:
        return f"{self._path}, profile {self._name!r:.60}: {text}"


_TYPES: Mapping[type, str] = {
    str: "this text",
    bool: "a boolean",
    int: "this number",
    float: "this number",
    list: "a list",
    dict: "a table",
}

_KINDS: Mapping[str, Callable[[_Reader, str, Any], Value]] = {
    "url": _Reader.urls,
    "api_key": _Reader.key,
    "secret": _Reader.key,
    "token_key": _Reader.key,
    "server": _Reader.server,
    "insecure": _Reader.flag,
    "timeout": _Reader.seconds,
    "ca_file": _Reader.path,
    "handler_prefix": _Reader.text,
    "headers": _Reader.headers,
    "http_proxy": _Reader.key,
}
