"""Messages for mistakes that Typer finds on the command line: what is wrong, and what to type instead.

Messages contain names of verbs and options, and at most one short word that the user typed; never values of options,
which may be keys.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer

from centripetal.cli.json_advice import is_json

__all__ = ["explained", "usage_problem"]

# Typer does not export the class.
_UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")

_SHORT_WORD = re.compile(r"[\w.:#$-]{1,20}")


def explained(error: Any, program: Any, arguments: Sequence[str]) -> Any:
    """Return *error* with a message that says what to type instead.

    Args:
        error: an error that Typer raised for an invalid command line.
        program: the command of the program.
        arguments: what the user typed.
    """
    context = getattr(error, "ctx", None) or _context(program, arguments)
    explain = next((_EXPLAIN[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _EXPLAIN), None)
    message = None if explain is None else explain(error, context, program, arguments)
    return error if message is None else usage_problem(message, context)


def usage_problem(message: str, context: Any) -> Any:
    """Return an error of Typer with *message* about the verb of *context*, to raise before the verb runs."""
    return _UsageError(message, ctx=context)


def _context(program: Any, arguments: Sequence[str]) -> Any:
    """Return the context of the verb in *arguments*, for errors without one."""
    context = typer.Context(program, info_name="centripetal")
    for word in arguments:
        verb = getattr(context.command, "commands", {}).get(word)
        if verb is not None:
            context = typer.Context(verb, info_name=word, parent=context)
    return context


# ---- parts of messages


def _typed(context: Any) -> str:
    """Return the verb without the name of the program."""
    path: str = context.command_path
    return path.removeprefix("centripetal").strip() or path


def _example(command: Any) -> str:
    """Return the first example in the help of *command*, or of its first verb; empty without an example."""
    found = re.search(r"`(centripetal .+)`", command.epilog or "")
    return found[1] if found else ""


def _such_as(command: Any, more: str = "") -> str:
    example = _example(command)
    return f", for example `{example}{more and ' '}{more}`" if example else ""


def _arguments(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "argument"]


def _verbs(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the command of each verb below *command*."""
    for name, verb in getattr(command, "commands", {}).items():
        if hasattr(verb, "commands"):
            yield from _verbs(verb, (*path, name))
        else:
            yield (*path, name), verb


def _option(command: Any, name: str) -> Any:
    return next((each for each in command.params if name in each.opts or name in each.secondary_opts), None)


def _with_value(option: Any, name: str) -> str:
    return name if option.is_flag else f"{name} {option.metavar or option.name.upper()}"


def _normal(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()


# ---- one function for each class of errors


def _no_option(error: Any, context: Any, program: Any, arguments: Sequence[str]) -> str | None:
    name, command, verb = error.option_name, context.command, _typed(context)
    if re.match(r"-\d", name):
        return None  # a negative number: `report` gives the advice
    if not _SHORT_WORD.fullmatch(name):
        return f"unknown option of {len(name)} characters"
    own = {_normal(each): each for option in command.params for each in (*option.opts, *option.secondary_opts)}
    if _normal(name) in own and own[_normal(name)].startswith("--"):
        return f"there is no option {name}: type {own[_normal(name)]}"
    for argument in _arguments(command):
        shown = argument.metavar or argument.name.upper()
        if _normal(name).rstrip("s") in {_normal(word).rstrip("s.") for word in (argument.name, *shown.split())}:
            return f"{name} is not an option of `{verb}`, but an argument: type its value without {name}" + _such_as(
                command
            )
    elsewhere = {path: inner for path, inner in _verbs(program) if _option(inner, name) is not None}
    meant = [path for path in elsewhere if set(path) <= set(arguments)]
    if meant and meant[0] != tuple(verb.split()):
        inner = elsewhere[meant[0]]
        more = _with_value(_option(inner, name), name)
        return f"{name} must come after `{' '.join(meant[0])}`{_such_as(inner, more)}"
    if elsewhere:
        paths = [" ".join(path) for path in elsewhere]
        return f"{name} is an option of {_listed(paths)}, not of `{verb}`: remove it, or type it after such a verb"
    close = difflib.get_close_matches(_normal(name), own, 2, 0.6)
    hint = f": did you mean {' or '.join(own[each] for each in close)}?" if close else ""
    return f"`{verb}` has no option {name}{hint}"


def _listed(names: Sequence[str], most: int = 4) -> str:
    quoted = [f"`{name}`" for name in names[:most]]
    return ", ".join(quoted) + (" and others" if len(names) > most else "")


def _missing(error: Any, context: Any, *_: Any) -> str:
    parameter, command = error.param, context.command
    name = parameter.metavar or parameter.name.upper()
    broken = [
        each
        for each in command.params
        if each.metavar == "JSON"
        and each is not parameter
        and isinstance(value := context.params.get(each.name), str)
        and not value.startswith("@")
        and value != "-"
        and not is_json(value)
    ]
    more = " ".join(f"""{each.opts[0]} '{{"name": "Ann"}}'""" for each in broken)
    also = f", and {broken[0].opts[0]} takes JSON" if broken else ""
    return f"{name} is missing after `{_typed(context)}`{also}{_such_as(command, more)}"


def _usage(error: Any, context: Any, program: Any, arguments: Sequence[str]) -> str | None:
    if error.message.startswith("No such command"):
        return _no_verb(context, program, arguments)
    if "unexpected extra argument" in error.message:
        return _too_many(context)
    return None


def _no_verb(context: Any, program: Any, arguments: Sequence[str]) -> str:
    paths = {path[-1]: " ".join(path) for path, _ in _verbs(program)}
    paths = {**paths, **{name: name for name in program.commands}}
    # The first word that is not a verb and not the value of an option; Typer's text has it, but may be long.
    word = next((each for each in arguments if each == _unknown(context, arguments)), "")
    close = difflib.get_close_matches(_normal(word).replace("-", "_"), paths, 2, 0.6)
    hint = f": did you mean {' or '.join(f'`{paths[each]}`' for each in close)}?" if close else ""
    return f"there is no verb {word}{hint}" if _SHORT_WORD.fullmatch(word) else "the first word is not a verb"


def _unknown(context: Any, arguments: Sequence[str]) -> str:
    """Return the first of *arguments* that is neither an option nor the value of one."""
    takes_value = False
    for word in arguments:
        option = _option(context.command, word)
        if not takes_value and not word.startswith("-") and word != "help":
            return word
        takes_value = not takes_value and option is not None and not option.is_flag
    return ""


def _too_many(context: Any) -> str:
    command, verb = context.command, _typed(context)
    user = context.params.get("user")
    siblings = getattr(context.parent and context.parent.command, "commands", {})
    close = difflib.get_close_matches(user, siblings, 1, 0.6) if isinstance(user, str) and len(siblings) < 10 else []
    if close:
        return f"there is no verb `{verb.split()[0]} {user}`: did you mean `{verb.split()[0]} {close[0]}`?"
    arguments = _arguments(command)
    names = " ".join(each.metavar or each.name.upper() for each in arguments)
    if any((each.metavar or "").strip("[]") in ("DATA", "JSON") for each in arguments):
        return (
            f"there are too many words after `{verb}`, which takes {names}: "
            f"put a value with spaces or quotes in single quotes{_such_as(command)}"
        )
    takes = f"takes only {names}" if names else "takes no arguments, only options"
    return f"there are too many words: `{verb}` {takes}{_such_as(command)}"


def _misused(error: Any, context: Any, *_: Any) -> str | None:
    name = error.option_name
    option = _option(context.command, name) or _option(context.find_root().command, name)
    if option is None:
        return None
    if option.is_flag:
        return f"{name} takes no value: type only {name}"
    return f"{name} needs a value: type {_with_value(option, name)}"


def _without_verb(_: Any, context: Any, *__: Any) -> str:
    verb = _typed(context)
    return f"`{verb}` needs a verb: type {' or '.join(f'`{verb} {name}`' for name in context.command.commands)}"


def _invalid(error: Any, *_: Any) -> str | None:
    parameter = error.param
    if parameter is None:
        return None
    name = (parameter.opts or [parameter.name])[0]
    return f"{name}: the value is invalid: type {name} {parameter.metavar or parameter.name.upper()}"


_EXPLAIN: Mapping[str, Callable[..., str | None]] = {
    "NoSuchOption": _no_option,
    "MissingParameter": _missing,
    "BadParameter": _invalid,
    "BadOptionUsage": _misused,
    "NoArgsIsHelpError": _without_verb,
    "UsageError": _usage,
}
