"""The verbs of the API, made from both tables of commands: fields become arguments and options, docstrings the help.

A verb that both generations have is one verb: its options are those of both, and one that is of the other generation is
an error. A new command needs no code here, unless one of its fields has a type that is new, too.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from centripetal.cli.api.help import Description, describe
from centripetal.cli.api.results import show_result
from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN, named_bytes, named_json, read_text
from centripetal.cli.output.printing import show_json
from centripetal.cli.registration import keyword, option, option_name, register
from centripetal.cli.settings import Settings
from centripetal.dialects.current.commands import custom
from centripetal.dialects.current.commands.base import Method, OfMap
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.field_kinds import FieldKind
from centripetal.protocol.fields import fields_of

__all__ = ["VERBS", "Field", "Verb", "parameters", "register_all"]

# What a field looks like in an example.
_SAMPLES = {
    "data": """'{"text": "hello"}'""",
    "channel": "news",
    "channels": "news sport",
    "user": "42",
    "users": "42 43",
    "topics": "sport weather",
    "version": "1",
    "recipient": """'{"fcm_topic": "sport"}'""",
    "notification": """'{"fcm": {"message": {}}}'""",
}

# Where the server would send nothing but the position, which is not what people ask for.
_PAGE = 100
_OWN_DEFAULTS = {("history", "limit"): _PAGE, ("map_read_state", "limit"): _PAGE, ("map_read_stream", "limit"): _PAGE}

_REQUIRED: Any = inspect.Parameter.empty

# A key of a map may have no data; elsewhere, none given means the standard input.
_MAY_LACK_DATA = frozenset(("map_publish",))

_BOTH, _V1, _CURRENT = "Commands", "Commands of Centrifugo 1.x only", "Commands of Centrifugo 3 and later only"
_MAPS, _PRO = "Maps and shared polling (Centrifugo 6.8)", "Centrifugo PRO"


class Field(NamedTuple):
    """A field of the commands of a verb.

    Attributes:
        name: its name.
        kind: what it holds, and how it is typed.
        positional: whether it is an argument; it is an option otherwise.
        default: what it is if it is not given; None: nothing is sent then.
        generations: those whose command has it.
    """

    name: str
    kind: FieldKind
    positional: bool
    default: Any
    generations: tuple[Generation, ...]

    @property
    def typed_as(self) -> str:
        """Its name on the command line, for messages."""
        return self.name if self.positional else option_name(self.name)

    @property
    def metavar(self) -> str:
        """Its name in upper case; the singular for a list."""
        return (self.name.removesuffix("s") if self.kind.typed == list[str] else self.name).upper()


@dataclasses.dataclass(frozen=True)
class Verb:
    """A verb: its name, and the command that it is in each generation that has it."""

    name: str
    commands: Mapping[Generation, type[Command[Any]]]

    def command(self, generation: Generation) -> type[Command[Any]]:
        """The command of that generation; a `UsageError` if it has none."""
        if generation not in self.commands:
            raise UsageError(
                f"{self.name} is a command of Centrifugo {generation.other.title}, and a server of {generation.title} "
                f"is meant: for another one {generation.other.selected_by}"
            )
        return self.commands[generation]

    @functools.cached_property
    def fields(self) -> list[Field]:
        """The fields of its commands: first those that are arguments, in their order."""
        found: dict[str, Field] = {}
        for generation, command in self.commands.items():
            for one in fields_of(command):
                if one.kind.typed is None:
                    raise TypeError(f"no option can be made of {command.__name__}.{one.name}: its kind is not typed")
                positional = one.name in command.__match_args__
                default = _OWN_DEFAULTS.get((command.name, one.name))
                before = found[one.name].generations if one.name in found else ()
                found[one.name] = Field(one.name, one.kind, positional, default, (*before, generation))
        return sorted(found.values(), key=lambda field: not field.positional)

    @functools.cached_property
    def data(self) -> Field | None:
        """The field for the data, if the data are an argument."""
        return next((field for field in self.fields if field.name == "data" and field.positional), None)

    @functools.cached_property
    def names(self) -> Field | None:
        """The field for a list of names, behind which the data are given, if there are both."""
        lists = (field for field in self.fields if field.positional and field.kind.typed == list[str])
        return next(lists, None) if self.data is not None else None

    @functools.cached_property
    def descriptions(self) -> Mapping[Generation, Description]:
        """The docstrings of its commands."""
        return {generation: describe(command) for generation, command in self.commands.items()}


VERBS: Mapping[str, Verb] = {
    name: Verb(name, {g: g.commands[name] for g in Generation if name in g.commands})
    for name in [*Generation.V1.commands, *Generation.CURRENT.commands]
}
"""Every command of both generations."""


def register_all(app: typer.Typer) -> None:
    """Make every command a verb of *app*."""
    for verb in VERBS.values():
        register(
            app,
            _function(verb),
            name=verb.name,
            parameters=list(parameters(verb)),
            help=_help(verb),
            examples=list(_examples(verb)),
            panel=_panel(verb),
            short_help=_texts(verb)[-1].split("\n")[0],
        )
    register(app, call, examples=["""centripetal call publish '{"channel": "news", "data": 1}'"""], panel=_CURRENT)


def _panel(verb: Verb) -> str:
    if len(verb.commands) > 1:
        return _BOTH
    (command,) = verb.commands.values()
    if not issubclass(command, Method):
        return _V1
    if command.pro:
        return _PRO
    return _MAPS if issubclass(command, OfMap) else _CURRENT


# ---- what a verb does


def _function(verb: Verb) -> Callable[..., None]:
    def function(settings: Settings, text: bool = False, **values: Any) -> None:
        target = settings.target()
        generation = target.required_generation()
        verb.command(generation)  # raises an error if this generation has none
        given = {name: value for name, value in values.items() if not (value is None or value is False or value == [])}
        if verb.data is not None and "b64data" not in given:
            _take_data(verb, given)
        command = _build(verb, given, generation, text)
        show_result(command, target.client().call(command), as_json=settings.json)

    return function


def _take_data(verb: Verb, given: dict[str, Any]) -> None:
    """Find the data in what is *given*."""
    if verb.names is not None:
        # The last word behind a list of names is the data, never a name.
        words = given.get(verb.names.name, [])
        if len(words) < 2:
            raise UsageError(
                f"{verb.name}: give at least one channel and then the data (- reads them from standard input)"
            )
        *given[verb.names.name], given["data"] = words
    elif verb.name not in _MAY_LACK_DATA:
        given.setdefault("data", STDIN)


def _build(verb: Verb, given: Mapping[str, Any], generation: Generation, text: bool) -> Command[Any]:
    for field in verb.fields:
        if field.name in given and generation not in field.generations:
            raise UsageError(
                f"{field.typed_as} of {verb.name} is of Centrifugo {generation.other.title}, and a server of "
                f"{generation.title} is meant: leave it out, or {generation.other.selected_by}"
            )
    values: dict[str, Any] = {}
    for field in verb.fields:
        if field.name in given:
            value = given[field.name]
            is_text = text and field == verb.data
            values[field.name] = read_text(value) if is_text else _parsed(field.kind, field.typed_as, value)
        elif generation in field.generations and field.default is not None and generation is Generation.CURRENT:
            values[field.name] = field.default
    return verb.command(generation)(**values)


def _parsed(kind: FieldKind, what: str, given: Any) -> Any:
    if kind.json_start is not None and given.startswith(kind.json_start):
        given = named_json(what, given)
    elif kind.takes_bytes and (given == STDIN or given.startswith("@")):
        given = named_bytes(what, given)
    return kind.parse(what, given)


def call(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The method's name.", show_default=False)],
    params: Annotated[
        str,
        typer.Argument(
            metavar="JSON", help="Its fields, a JSON object, @FILE, or - for the standard input.", show_default=False
        ),
    ] = "{}",
) -> None:
    """Call any method of the current API by its name, also one that this program does not know.

    The fields go to the server as they are; the result is printed as JSON.
    """
    target = settings.target()
    if target.required_generation() is not Generation.CURRENT:
        raise UsageError(f"call is for Centrifugo {Generation.CURRENT.title}: {Generation.CURRENT.selected_by}")
    try:
        fields = msgspec.json.decode(named_json("params", params), type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        raise UsageError(f"{params!r} is not a JSON object: give the fields of {name}") from None
    command = custom(name, {field: bytes(value) for field, value in fields.items()})
    show_json(target.client().call(command))


# ---- what a verb takes


def parameters(verb: Verb) -> Iterator[inspect.Parameter]:
    """The parameters of *verb*, as Typer reads them off a function."""
    for field in verb.fields:
        texts = [verb.descriptions[generation].arguments for generation in reversed(field.generations)]
        what = next((text[field.name] for text in texts if field.name in text), "")
        if not field.positional:
            yield _option(verb, field, what)
        elif field != verb.data:
            yield _argument(field, what, before_data=field == verb.names)
        elif verb.names is None:  # otherwise it is the last of the names
            how = "." if verb.name in _MAY_LACK_DATA else "; - or none reads it from the standard input."
            argument = typer.Argument(metavar=field.metavar, help=f"A JSON value or @FILE{how}", show_default=False)
            yield keyword(field.name, Annotated[field.kind.typed | None, argument], None)
    if verb.data is not None:
        yield keyword("text", Annotated[bool, option("--text", None, "The data are plain text, not JSON.")], False)


def _argument(field: Field, what: str, before_data: bool) -> inspect.Parameter:
    text = " ".join(filter(None, (what, field.kind.help)))
    kind, metavar, default = field.kind.typed, field.metavar, _REQUIRED
    if before_data:
        kind, metavar, default = kind | None, f"{metavar}... DATA", None
        text += " And last the data: a JSON value, @FILE, or - for the standard input."
    return keyword(field.name, Annotated[kind, typer.Argument(metavar=metavar, help=text, show_default=False)], default)


def _option(verb: Verb, field: Field, what: str) -> inspect.Parameter:
    only = "" if len(field.generations) == len(verb.commands) else f"Centrifugo {field.generations[0].title}."
    default = "" if field.default is None else f"Otherwise {field.default}."
    words = " ".join(filter(None, (what, field.kind.help, default, only)))
    if field.kind.typed is bool:
        return keyword(field.name, Annotated[bool, option(field.typed_as, field.kind.metavar or None, words)], False)
    metavar = field.kind.metavar or field.metavar
    return keyword(field.name, Annotated[field.kind.typed | None, option(field.typed_as, metavar, words)], None)


def _help(verb: Verb) -> str:
    """What the docstrings say: once, if they say the same."""
    texts = _texts(verb)
    if len(set(texts)) == 1:
        return texts[0]
    titles = [generation.title for generation in verb.commands]
    return "\n\n".join(f"**Centrifugo {title}:** {text}" for title, text in zip(titles, texts, strict=True))


def _texts(verb: Verb) -> list[str]:
    return [description.text for description in verb.descriptions.values()]


def _examples(verb: Verb) -> Iterator[str]:
    arguments = [field for field in verb.fields if field.positional]
    samples = {field.name: _SAMPLES.get(field.name, field.name.upper()) for field in arguments}
    yield " ".join(["centripetal", verb.name, *samples.values()])
    if verb.data is not None:
        names = [samples[field.name] for field in arguments if field != verb.data]
        if verb.name not in _MAY_LACK_DATA:
            yield " ".join(["echo", _SAMPLES["data"], "|", "centripetal", verb.name, *names, STDIN])
        yield " ".join(["centripetal", verb.name, *names, "--text", "'Lunch is ready'"])
