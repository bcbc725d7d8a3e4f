"""The page that `centripetal --help` prints: groups of verbs in the order of use, and the options of most calls.

`centripetal --help-all` prints every option and verb with the descriptions of Typer, and so does each verb's `--help`.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["MAPS", "OTHERS", "PRO", "TOOLS", "V1", "in_order", "overview", "panel_of"]

TOOLS, OTHERS = "Tools", "Other commands"
V1, MAPS, PRO = "Centrifugo 1.x", "Maps and shared polling (Centrifugo 6.8)", "Centrifugo PRO"
_NAMES_ONLY = (V1, OTHERS, MAPS, PRO)

_VERBS: Mapping[str, Mapping[str, str]] = {
    "Publish": {
        "publish": "Publish DATA to CHANNEL.",
        "broadcast": "Publish DATA to each of CHANNELS.",
    },
    "Look": {
        "channels": "List the channels that have subscribers.",
        "presence": "List the clients subscribed to CHANNEL.",
        "presence_stats": "Count the clients and users subscribed to CHANNEL.",
        "history": "Show the publications in the history of CHANNEL.",
        "history_remove": "Remove the history of CHANNEL.",
        "info": "List the nodes of the cluster.",
        "watch": "Show publications, joins and leaves as they happen.",
    },
    "People": {
        "subscribe": "Subscribe the connections of USER to CHANNEL.",
        "unsubscribe": "Unsubscribe the connections of USER from CHANNEL.",
        "disconnect": "Close the connections of USER.",
        "refresh": "Set when the connections of USER expire.",
    },
    "Tokens": {
        "token": "Create client tokens, or explain a rejected one.",
    },
    TOOLS: {
        "serve": "Run a server in memory, for development and tests.",
        "demo": "Show the main features on an embedded server.",
        "doctor": "Find problems between this machine and the server.",
        "proxy": "Configure or check the questions to your application.",
        "load": "Send the commands in FILE.",
        "outbox": "Manage a table of commands in PostgreSQL.",
        "call": "Call any method of the API by its name.",
        "rpc": "Call an RPC method of the server.",
    },
    V1: {"stats": "", "node": "", "sign": ""},
}

_OPTIONS = {
    "--url URL": "Address of the server (CENTRIFUGO_HTTP_API_URL).",
    "--api-key KEY": "Key of Centrifugo 3 and later (CENTRIFUGO_HTTP_API_KEY).",
    "--secret SECRET": "Secret of Centrifugo 1.x (CENTRIFUGO_SECRET).",
    "--profile NAME": "Settings from ~/.config/centripetal/config.toml.",
    "--timeout SECONDS": "Time limit of the call.",
    "--json": "Print results and errors as JSON.",
    "--help, --help-all": "This page; all verbs, options and exit codes.",
}

_TOP = """\
Usage: centripetal [OPTIONS] VERB [ARGUMENTS]

Work with a Centrifugo server. To try it without one, run `centripetal serve`.
"""

_END = "Arguments and examples of a verb: `centripetal help VERB`."

_WIDTH = 80
_TITLE, _VERB, _OPTION = 9, 16, 19


def panel_of(verb: str) -> str | None:
    """Return the group that lists *verb*, or None for a verb that is not in the table."""
    return next((title for title, verbs in _VERBS.items() if verb in verbs), None)


def in_order(panels: Mapping[str, str]) -> list[str]:
    """Return the verbs in the order of the page. *panels* is the group of each verb."""
    titles = [*_VERBS, *_NAMES_ONLY]
    listed = [verb for verbs in _VERBS.values() for verb in verbs]
    place = {verb: number for number, verb in enumerate(listed)}
    return sorted(panels, key=lambda verb: (titles.index(panels[verb]), place.get(verb, len(place))))


def overview(panels: Mapping[str, str]) -> str:
    """Return the page. *panels* is the group of each verb."""
    return "\n".join([_TOP, *_groups(panels), *_options(), "", _END])


def _groups(panels: Mapping[str, str]) -> Iterator[str]:
    for title, verbs in _VERBS.items():
        if title in _NAMES_ONLY:
            continue
        for number, (verb, text) in enumerate(verbs.items()):
            yield f"{title if not number else '':{_TITLE}}{verb:{_VERB}}{text}"
        yield ""
    for title in _NAMES_ONLY:
        names = [verb for verb in in_order(panels) if panels[verb] == title]
        if names:
            yield from _filled(f"{title}: ", names)
    yield ""


def _filled(title: str, names: Iterable[str]) -> list[str]:
    return textwrap.wrap(title + ", ".join(names), _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _options() -> Iterator[str]:
    yield "Options, before or after the verb:"
    for name, text in _OPTIONS.items():
        yield f"  {name:{_OPTION}}{text}"
