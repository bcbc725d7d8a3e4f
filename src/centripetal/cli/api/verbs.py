"""Verbs generated from the API commands of both generations: fields become arguments and options, docstrings the help.

If both generations have a command, one verb covers both and has the options of both; giving an option of the other
generation is an error. A new command needs no code here, unless one of its fields has a new type.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple

import typer

from centripetal.cli.api.help import Description, describe
from centripetal.cli.api.results import show_result
from centripetal.cli.api.wording import in_options
from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN, named_bytes, named_json, read_text, refuse_array
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.running import running
from centripetal.cli.overview import MAPS, OTHERS, PRO, V1, panel_of
from centripetal.cli.registration import keyword, option, option_name, register
from centripetal.cli.settings import Settings
from centripetal.cli.suggestions import did_you_mean
from centripetal.dialects.current.commands import custom
from centripetal.dialects.current.commands.base import Method, OfMap
from centripetal.errors import HTTPStatusError, UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.field_kinds import FieldKind
from centripetal.protocol.fields import MapOf, fields_of
from centripetal.protocol.gojson import string
from centripetal.protocol.records import Record, params_of

__all__ = ["VERBS", "Field", "Verb", "parameters", "register_all"]

# Values of fields in the examples of the help.
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

# Without a limit, the server sends only the position and no entries, which is not useful on a command line.
_PAGE = 100
_OWN_DEFAULTS = {("history", "limit"): _PAGE, ("map_read_state", "limit"): _PAGE, ("map_read_stream", "limit"): _PAGE}

_REQUIRED: Any = inspect.Parameter.empty

# A map key can be published without data. For other verbs, missing data means: read standard input.
_MAY_LACK_DATA = frozenset(("map_publish",))


class Field(NamedTuple):
    """A field of a verb's commands.

    Attributes:
        name: the field's name.
        kind: the kind of value, and how users type it.
        positional: True for an argument, False for an option.
        default: the value to send if the user gives none; None sends nothing.
        generations: the generations whose command has the field.
    """

    name: str
    kind: FieldKind
    positional: bool
    default: Any
    generations: tuple[Generation, ...]

    @property
    def typed_as(self) -> str:
        """The argument or option as typed on the command line, for messages."""
        return self.name if self.positional else option_name(self.name)

    @property
    def metavar(self) -> str:
        """The name in upper case; in the singular for a list."""
        return (self.name.removesuffix("s") if self.kind.typed == list[str] else self.name).upper()


@dataclasses.dataclass(frozen=True)
class Verb:
    """A verb: its name, and its command in each generation that has one."""

    name: str
    commands: Mapping[Generation, type[Command[Any]]]

    def command(self, generation: Generation) -> type[Command[Any]]:
        """Return the command of *generation*; raise `UsageError` if that generation does not have it."""
        if generation not in self.commands:
            raise UsageError(
                f"{self.name} is a command of Centrifugo {generation.other.title}, but the options or the environment "
                f"select {generation.title}. For Centrifugo {generation.other.title}, {generation.other.selected_by}"
            )
        return self.commands[generation]

    @functools.cached_property
    def fields(self) -> list[Field]:
        """The fields of all commands, arguments first and in their order."""
        found: dict[str, Field] = {}
        for generation, command in self.commands.items():
            for one in fields_of(command):
                if one.kind.typed is None:
                    raise TypeError(f"{command.__name__}.{one.name} cannot be an option: its kind has no typed form")
                positional = one.name in command.__match_args__
                default = _OWN_DEFAULTS.get((command.name, one.name))
                before = found[one.name].generations if one.name in found else ()
                found[one.name] = Field(one.name, one.kind, positional, default, (*before, generation))
        return sorted(found.values(), key=lambda field: not field.positional)

    @functools.cached_property
    def data(self) -> Field | None:
        """The field for the data, if the data is an argument."""
        return next((field for field in self.fields if field.name == "data" and field.positional), None)

    @functools.cached_property
    def names(self) -> Field | None:
        """The field for a list of names that is followed by the data, if the verb has both."""
        lists = (field for field in self.fields if field.positional and field.kind.typed == list[str])
        return next(lists, None) if self.data is not None else None

    @functools.cached_property
    def descriptions(self) -> Mapping[Generation, Description]:
        """The help texts of the commands."""
        return {generation: describe(command) for generation, command in self.commands.items()}


VERBS: Mapping[str, Verb] = {
    name: Verb(name, {g: g.commands[name] for g in Generation if name in g.commands})
    for name in [*Generation.V1.commands, *Generation.CURRENT.commands]
}
"""All commands of both generations."""


def register_all(app: typer.Typer) -> None:
    """Register every command as a verb of *app*."""
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
    register(
        app, call, examples=["""centripetal call publish '{"channel": "news", "data": 1}'"""], panel=panel_of("call")
    )


def _panel(verb: Verb) -> str:
    if (listed := panel_of(verb.name)) is not None:
        return listed
    command = list(verb.commands.values())[-1]
    if not issubclass(command, Method):
        return V1
    if command.pro:
        return PRO
    return MAPS if issubclass(command, OfMap) else OTHERS


# ---- running a verb


def _function(verb: Verb) -> Callable[..., None]:
    def function(settings: Settings, text: bool = False, **values: Any) -> None:
        run, channel = running(), values.get("channel")
        run.method, run.channel = verb.name, channel if isinstance(channel, str) else None
        target = settings.target()
        generation = target.required_generation()
        verb.command(generation)  # raises UsageError if this generation does not have the command
        given = {name: value for name, value in values.items() if not (value is None or value is False or value == [])}
        if verb.data is not None and "b64data" not in given:
            _take_data(verb, given)
        try:
            command = _build(verb, given, generation, text)
            client = target.client()
            with run.executing():
                result = client.call(command)
        except UsageError as error:
            error.args = (in_options(str(error.args[0]), [each.name for each in verb.fields if not each.positional]),)
            raise
        show_result(command, result, as_json=settings.json)

    return function


def _take_data(verb: Verb, given: dict[str, Any]) -> None:
    """Move the data in *given* to its field; missing data is read from standard input."""
    if verb.names is not None:
        # The last argument after a list of names is the data, never a name.
        words = given.get(verb.names.name, [])
        if len(words) < 2:
            example = next(_examples(verb))
            raise UsageError(
                f"{verb.name}: give at least one {verb.names.metavar}, then the data (- reads the data from standard "
                f"input), for example `{example}`"
            )
        *given[verb.names.name], given["data"] = words
    elif verb.name not in _MAY_LACK_DATA:
        given.setdefault("data", STDIN)


def _build(verb: Verb, given: Mapping[str, Any], generation: Generation, text: bool) -> Command[Any]:
    for field in verb.fields:
        if field.name in given and generation not in field.generations:
            raise UsageError(
                f"{verb.name}: {field.typed_as} is for Centrifugo {generation.other.title}, but the options or the "
                f"environment select {generation.title}: remove it, or {generation.other.selected_by}"
            )
    values: dict[str, Any] = {}
    for field in verb.fields:
        if field.name in given:
            value = given[field.name]
            if field.kind.typed == list[str] and not isinstance(field.kind, MapOf):
                how = f"{field.typed_as} a {field.typed_as} b"
                refuse_array(field.typed_as, value, next(_examples(verb)) if field.positional else how)
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
    value = kind.parse(what, given)
    kind.check(what, value)  # names the option as it was typed
    return value


def call(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the method.", show_default=False)],
    params: Annotated[
        str,
        typer.Argument(
            metavar="JSON", help="Its fields: a JSON object, @FILE, or - for standard input.", show_default=False
        ),
    ] = "{}",
) -> None:
    """Call any method of the current API by name, including methods that this program does not know.

    The fields are sent unchanged. The result is printed as JSON.
    """
    run = running()
    run.method = name
    target = settings.target()
    if target.required_generation() is not Generation.CURRENT:
        raise UsageError(f"call is only for Centrifugo {Generation.CURRENT.title}: {Generation.CURRENT.selected_by}")
    fields = params_of(Record(name, named_json("params", params)))
    run.channel = string(fields["channel"]) if fields.get("channel", b"").startswith(b'"') else None
    command = custom(name, fields)
    client = target.client()
    try:
        with run.executing():
            result = client.call(command)
    except HTTPStatusError as error:
        known = Generation.CURRENT.commands
        if error.status == 404 and not error.in_front and name not in known:
            hint = did_you_mean(name, known) or "`centripetal --help` lists the methods that it knows."
            error.args = (f"{error.args[0]}. This program does not know the method either. {hint}",)
        raise
    show_json(result)


# ---- arguments and options of a verb


def parameters(verb: Verb) -> Iterator[inspect.Parameter]:
    """Yield the parameters of *verb* for Typer."""
    for field in verb.fields:
        texts = [verb.descriptions[generation].arguments for generation in reversed(field.generations)]
        what = next((text[field.name] for text in texts if field.name in text), "")
        if not field.positional:
            yield _option(verb, field, what)
        elif field != verb.data:
            yield _argument(field, what, before_data=field == verb.names)
        elif verb.names is None:  # otherwise the data is the last of the names
            how = "." if verb.name in _MAY_LACK_DATA else ". If it is missing or -, it is read from standard input."
            argument = typer.Argument(metavar=field.metavar, help=f"A JSON value or @FILE{how}", show_default=False)
            yield keyword(field.name, Annotated[field.kind.typed | None, argument], None)
    if verb.data is not None:
        yield keyword("text", Annotated[bool, option("--text", None, "The data is plain text, not JSON.")], False)


def _argument(field: Field, what: str, before_data: bool) -> inspect.Parameter:
    text = " ".join(filter(None, (what, field.kind.help)))
    kind, metavar, default = field.kind.typed, field.metavar, _REQUIRED
    if before_data:
        kind, metavar, default = kind | None, f"{metavar}... DATA", None
        text += " The last argument is the data: a JSON value, @FILE, or - for standard input."
    return keyword(field.name, Annotated[kind, typer.Argument(metavar=metavar, help=text, show_default=False)], default)


def _option(verb: Verb, field: Field, what: str) -> inspect.Parameter:
    only = "" if len(field.generations) == len(verb.commands) else f"Centrifugo {field.generations[0].title}."
    default = "" if field.default is None else f"Default: {field.default}."
    words = " ".join(filter(None, (what, field.kind.help, default, only)))
    if field.kind.typed is bool:
        return keyword(field.name, Annotated[bool, option(field.typed_as, field.kind.metavar or None, words)], False)
    metavar = field.kind.metavar or field.metavar
    return keyword(field.name, Annotated[field.kind.typed | None, option(field.typed_as, metavar, words)], None)


def _help(verb: Verb) -> str:
    """Return the help text of each generation, or one text if they are equal."""
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
