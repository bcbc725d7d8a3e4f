"""Records of commands, in JSON: `{"method": "publish", "params": {"channel": "news", "data": 1}}`.

The single endpoint of Centrifugo 3 and 4 accepts records, and files of commands contain one record per line. JSON text
is kept unchanged, so numbers in user data keep all digits. A record may also have the form of a batch member:
`{"publish": {"channel": "news", "data": 1}}`. The members `id` and `uid` of a server's request are ignored; the members
`executed` and `error` describe why the command of the record failed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.fields import reader
from centripetal.protocol.gojson import JSONError, check
from centripetal.protocol.json_parts import object_parts
from centripetal.protocol.json_text import repeated_member

__all__ = ["Record", "command_of", "failed_broadcast", "failed_record", "params_of", "read_record", "record_of"]
__all__ += ["shortened"]

_NOTES = frozenset(("error", "executed"))
_IGNORED = _NOTES | {"uid", "id"}
_LONGEST_MESSAGE = 1000  # characters
_EMPTY = msgspec.Raw(b"{}")

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


class Record(msgspec.Struct, frozen=True):
    """A command as JSON.

    Attributes:
        method: name of the method.
        params: parameters of the method, as the text of a JSON object.
        doubtful: whether the record states that the command failed but may have run.
    """

    method: str
    params: bytes
    doubtful: bool = False

    def encode(self, number: int | None = None) -> bytes:
        """Return the record's JSON text, with the `id` *number* as its first member if it is given."""
        start = b"{" if number is None else b'{"id":%d,' % number
        return b'%b"method":%b,"params":%b}' % (start, msgspec.json.encode(self.method), self.params)


def record_of(command: Command[Any]) -> Record:
    """Check *command* and return its record.

    Raises:
        UsageError: the server would reject the command, or its data cannot be encoded as JSON.
    """
    return Record(command.name, command.body())


def read_record(text: bytes) -> Record:
    """Read a record in either form.

    Raises:
        UsageError: *text* is not a record; the message says why.
    """
    members = _members(text)
    doubtful = bytes(members.get("executed", _EMPTY)) == b'"unknown"'
    if "method" not in members:
        names = members.keys() - _IGNORED if len(members) > 1 else members.keys()
        if len(names) != 1:
            raise UsageError('use {"method": …, "params": {…}}, or one member named after the method')
        (name,) = names
        return Record(name, bytes(members[name]), doubtful)
    if others := members.keys() - _IGNORED - {"method", "params"}:
        raise UsageError(f"unknown member {min(others)!r} next to method and params")
    try:
        return Record(_decode_text(members["method"]), bytes(members.get("params", _EMPTY)), doubtful)
    except msgspec.DecodeError:
        raise UsageError("method is not a string") from None


def command_of(
    record: Record,
    commands: Mapping[str, type[Command[Any]]],
    unknown: Callable[[Record], Command[Any]] | None = None,
) -> Command[Any]:
    """Return the command that *record* describes.

    Args:
        record: the record.
        commands: allowed commands, by name.
        unknown: creates the command of a method that is not in *commands*; None to reject such methods.

    Raises:
        UsageError: the method is not in *commands*, or its parameters are invalid.
    """
    command = commands.get(record.method)
    if command is not None:
        return reader(command).read(record.params)
    if unknown is None:
        raise UsageError(f"{record.method!r:.100} is not one of {', '.join(commands)}")
    return unknown(record)


def params_of(record: Record) -> dict[str, bytes]:
    """Return the JSON text of each parameter.

    Raises:
        UsageError: `record.params` is not a JSON object, or has a member twice.
    """
    members = _members(record.params, f"the fields of {record.method!r:.100} are ")
    return {name: bytes(value) for name, value in members.items()}


def failed_record(text: bytes, error: CentripetalError) -> bytes:
    """Return the record *text* as a line with the reason why its command failed.

    The line is a record too, so the command can be sent again. Text that is not an object is returned unchanged.
    """
    try:
        members = _members(text)
    except UsageError:
        return text.rstrip(b"\r\n") + b"\n"
    shown: dict[str, Any] = {"type": type(error).__name__, "message": shortened(str(error))}
    if (code := getattr(error, "code", None)) is not None:
        shown["code"] = code
    kept = {name: value for name, value in members.items() if name not in _NOTES}
    line = msgspec.json.encode({**kept, "executed": error.executed, "error": shown})
    return line.replace(b"\n", b" ") + b"\n"


def failed_broadcast(text: bytes, places: Sequence[int], error: CentripetalError) -> bytes:
    """Return the broadcast record *text*, reduced to the channels at *places*, as a line with the error."""
    record = read_record(text)
    params: dict[str, Any] = {name: msgspec.Raw(value) for name, value in params_of(record).items()}
    channels = msgspec.json.decode(params["channels"], type=list[str])
    params["channels"] = [channels[place] for place in places]
    return failed_record(msgspec.json.encode({record.method: params}), error)


def shortened(message: str) -> str:
    """Return the start of *message* if it is long: the message of a server may have megabytes."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[:_LONGEST_MESSAGE]}… ({len(message):,} characters)"


def _members(text: bytes, subject: str = "") -> dict[str, msgspec.Raw]:
    try:
        members = _decode_object(text)
    except RecursionError:
        members = _deep_members(text, subject)  # published data is nested deeply
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{subject}not a JSON object: {error}") from None
    if (name := repeated_member(text)) is not None:
        raise UsageError(f"the member {name!r:.100} occurs twice: remove one of them")
    return members


def _deep_members(text: bytes, subject: str) -> dict[str, msgspec.Raw]:
    try:
        check(text)
        return {name: msgspec.Raw(value) for name, value in object_parts(text).items()}
    except JSONError as error:
        raise UsageError(f"{subject}not a JSON object: {error}") from None
