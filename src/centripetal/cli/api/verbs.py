"""The verbs of the API, made from both tables of commands: fields become arguments and options, docstrings the help.

A verb that both generations have is one verb: its options are those of both, and one that is of the other generation is
an error. A new command needs no code here, unless one of its fields has a type that is new, too.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from centripetal.cli.api.help import describe
from centripetal.cli.api.results import show_result
from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN, named_bytes, named_json, read_text
from centripetal.cli.output.printing import show_json
from centripetal.cli.settings import Settings, keyword, register
from centripetal.dialects.current.commands import custom
from centripetal.dialects.current.commands.base import Method, OfMap
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.field_kinds import FieldKind
from centripetal.protocol.fields import fields_of as fields_of_command

__all__ = ["VERBS", "Field", "Verb", "fields_of", "parameters", "register_all"]

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
        required: whether it must be given, if it is positional.
        data: whether it is the data of the verb.
        default: what it is if it is not given; None: nothing is sent then.
        generations: those whose command has it.
    """

    name: str
    kind: FieldKind
    positional: bool
    required: bool
    data: bool
    default: Any
    generations: tuple[Generation, ...]


class Verb(NamedTuple):
    """A verb: its name, and the command that it is in each generation that has it."""

    name: str
    commands: Mapping[Generation, type[Command[Any]]]

    def command(self, generation: Generation) -> type[Command[Any]]:
        """The command of that generation; a `UsageError` if it has none."""
        if generation not in self.commands:
            raise UsageError(
                f"{self.name} is a command of Centrifugo {generation.other.title}, and a server of {generation.title} "
                f"is meant: for another one {generation.other.how}"
            )
        return self.commands[generation]


def _verbs() -> Iterator[Verb]:
    names = dict.fromkeys(name for generation in Generation for name in generation.commands)
    for name in names:
        yield Verb(name, {g: g.commands[name] for g in Generation if name in g.commands})


VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _verbs()}
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
    fields = fields_of(verb)
    data = next((field.name for field in fields if field.data), None)
    names = next((field.name for field in fields if field.positional and field.kind.typed == list[str]), None)
    joined = names if data is not None else None

    def function(settings: Settings, text: bool = False, **values: Any) -> None:
        generation = settings.generation()
        command = verb.command(generation)
        given = {name: value for name, value in values.items() if not (value is None or value is False or value == [])}
        if joined is not None and data is not None and "b64data" not in given:
            # The last word behind a list of names is the data, never a name.
            *given[joined], given[data] = _with_data(verb, given.get(joined) or [])
        if data is not None and "b64data" not in given and verb.name not in _MAY_LACK_DATA:
            given.setdefault(data, STDIN)
        _check_options(verb, command, generation, fields, given)
        built = _build(command, fields, given, generation, text)
        client = settings.client()
        result = client.call(built)
        show_result(built, result, as_json=settings.json)

    return function


def _with_data(verb: Verb, words: list[str]) -> list[str]:
    if len(words) < 2:
        raise UsageError(f"{verb.name}: give at least one channel and then the data (- reads them from standard input)")
    return words


def _check_options(
    verb: Verb, command: type[Command[Any]], generation: Generation, fields: Sequence[Field], given: Mapping[str, Any]
) -> None:
    known = msgspec.structs.fields(command)
    for field in fields:
        if field.name in given and field.name not in {one.name for one in known}:
            raise UsageError(
                f"{_option_name(field.name)} of {verb.name} is of Centrifugo {generation.other.title}, and a server of "
                f"{generation.title} is meant: leave it out, or {generation.other.how}"
            )


def _build(
    command: type[Command[Any]], fields: Sequence[Field], given: Mapping[str, Any], generation: Generation, text: bool
) -> Command[Any]:
    values: dict[str, Any] = {}
    for field in fields:
        if generation not in field.generations:
            continue
        if field.name in given:
            value = given[field.name]
            what = field.name if field.positional else _option_name(field.name)
            values[field.name] = read_text(value) if field.data and text else _parsed(field.kind, what, value)
        elif field.default is not None and generation is Generation.CURRENT:
            values[field.name] = field.default
    return command(**values)


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
    if settings.generation() is not Generation.CURRENT:
        raise UsageError(f"call is for Centrifugo {Generation.CURRENT.title}: {Generation.CURRENT.how}")
    try:
        fields = msgspec.json.decode(named_json("params", params), type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        raise UsageError(f"{params!r} is not a JSON object: give the fields of {name}") from None
    command = custom(name, {field: bytes(value) for field, value in fields.items()})
    show_json(settings.client_current().call(command))


# ---- what a verb takes


def fields_of(verb: Verb) -> list[Field]:
    """The fields of its commands: first those that are arguments, in their order."""
    found: dict[str, Field] = {}
    for generation, command in verb.commands.items():
        positional = command.__match_args__
        for one in fields_of_command(command):
            if one.kind.typed is None:
                raise TypeError(f"no option can be made of {command.__name__}.{one.name}: its kind is not typed")
            before = found.get(one.name)
            found[one.name] = Field(
                one.name,
                one.kind,
                one.name in positional,
                one.default is msgspec.NODEFAULT,
                one.name == "data" and one.name in positional,
                _OWN_DEFAULTS.get((command.name, one.name)),
                (*(before.generations if before else ()), generation),
            )
    return sorted(found.values(), key=lambda field: not field.positional)


def parameters(verb: Verb) -> Iterator[inspect.Parameter]:
    """The parameters of *verb*, as Typer reads them off a function."""
    fields = fields_of(verb)
    texts = {g: describe(command).arguments for g, command in verb.commands.items()}
    has_names = any(field.positional and field.kind.typed == list[str] for field in fields)
    for field in fields:
        what = next((texts[g][field.name] for g in reversed(field.generations) if field.name in texts[g]), "")
        if field.data and has_names:
            continue  # the last of the names
        if field.data:
            how = "A JSON value or @FILE"
            how += "." if verb.name in _MAY_LACK_DATA else "; - or none reads it from the standard input."
            yield _argument(field, how, default=None)
        elif field.positional:
            behind = next((other for other in fields if other.data and has_names), None)
            yield _argument(field, " ".join(filter(None, (what, field.kind.help))), behind=behind)
        else:
            yield _option(verb, field, what)
    if any(field.data for field in fields):
        option = typer.Option("--text", help="The data are plain text, not JSON.", show_default=False)
        yield keyword("text", Annotated[bool, option], False)


def _argument(
    field: Field, what: str, default: Any = inspect.Parameter.empty, behind: Field | None = None
) -> inspect.Parameter:
    metavar = (field.name.removesuffix("s") if field.kind.typed == list[str] else field.name).upper()
    kind = field.kind.typed
    if default is None:
        kind = kind | None
    if behind is not None:
        kind, default, metavar = kind | None, None, f"{metavar}... DATA"
        what += " And last the data: a JSON value, @FILE, or - for the standard input."
    return keyword(field.name, Annotated[kind, typer.Argument(metavar=metavar, help=what, show_default=False)], default)


def _option(verb: Verb, field: Field, what: str) -> inspect.Parameter:
    only = "" if len(field.generations) == len(verb.commands) else f"Centrifugo {field.generations[0].title}."
    default = "" if field.default is None else f"Otherwise {field.default}."
    words = " ".join(filter(None, (what, field.kind.help, default, only)))
    kind = bool if field.kind.typed is bool else field.kind.typed | None
    option = typer.Option(
        _option_name(field.name), help=words, show_default=False, metavar=field.kind.metavar or _metavar(field)
    )
    return keyword(field.name, Annotated[kind, option], False if kind is bool else None)


def _option_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def _metavar(field: Field) -> str | None:
    if field.kind.typed is bool:
        return None
    return (field.name.removesuffix("s") if field.kind.typed == list[str] else field.name).upper()


def _help(verb: Verb) -> str:
    """What the docstrings say: once, if they say the same."""
    texts = _texts(verb)
    if len(set(texts)) == 1:
        return texts[0]
    titles = [generation.title for generation in verb.commands]
    return "\n\n".join(f"**Centrifugo {title}:** {text}" for title, text in zip(titles, texts, strict=True))


def _texts(verb: Verb) -> list[str]:
    return [describe(command).text for command in verb.commands.values()]


def _examples(verb: Verb) -> Iterator[str]:
    arguments = [field for field in fields_of(verb) if field.positional]
    samples = {field.name: _SAMPLES.get(field.name, field.name.upper()) for field in arguments}
    yield " ".join(["centripetal", verb.name, *samples.values()])
    if any(field.data for field in arguments):
        names = [samples[field.name] for field in arguments if not field.data]
        if verb.name not in _MAY_LACK_DATA:
            yield " ".join(["echo", _SAMPLES["data"], "|", "centripetal", verb.name, *names, STDIN])
        yield " ".join(["centripetal", verb.name, *names, "--text", "'Lunch is ready'"])
