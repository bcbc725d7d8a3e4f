"""Advice about arguments that should be JSON: what to type instead. Most lost their quotes to the shell."""

import re

from centripetal.protocol.gojson import JSONError, check

__all__ = ["is_json", "json_advice"]

_LONGEST = 60  # characters of a suggestion
_BARE = re.compile(r"""(?<![\w"'.-])[^\W\d][\w.-]*(?: [\w.-]+)*""")
_OBJECT = """'{"text": "hello"}'"""


def is_json(text: str) -> bool:
    """Return whether *text* is one JSON value."""
    try:
        check(text.encode("utf-8", "surrogatepass"))
    except JSONError:
        return False
    return True


def json_advice(what: str, text: str, *, takes_text: bool) -> str:
    """Return what to type instead of *text*, an argument that is not JSON.

    Args:
        what: the option or the name of the argument.
        text: the argument.
        takes_text: whether the verb has `--text`.
    """
    bare = text.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == "'" and is_json(bare[1:-1]):
        return r"This shell passes on single quotes. Type double quotes outside and \" inside: " + _escaped(bare[1:-1])
    if bare[:1] in ("{", "["):
        mended = _mended(bare)
        if "'" in bare and mended:
            return f"JSON has double quotes. Type '{mended}'"
        return f"The shell removes double quotes that are not inside single quotes. Type {_quoted(mended) or _OBJECT}"
    if bare.startswith('"') or bare.endswith(("}", "]")):
        return f"The shell splits words at spaces. Put the whole value in single quotes: {_OBJECT}"
    plain = f"""'"{bare}"'""" if bare.isprintable() and len(bare) <= _LONGEST and not {*bare} & {*"\"'\\"} else ""
    if takes_text:
        return f"For plain text, add --text; otherwise type JSON such as {plain or _OBJECT}"
    option = f"{what} " if what.startswith("-") else ""
    return f"Type JSON, for example {option}{plain}{plain and ' or '}{_OBJECT}"


def _escaped(text: str) -> str:
    escaped = text.replace('"', r"\"")
    return f'"{escaped}"' if len(escaped) <= _LONGEST and text.isprintable() else r'"{\"text\": \"hello\"}"'


def _quoted(text: str) -> str:
    return f"'{text}'" if text else ""


def _mended(text: str) -> str:
    """Return *text* with quotes around its words if that makes it JSON; otherwise empty."""
    if len(text) > _LONGEST or not text.isprintable():
        return ""
    mended = text.replace("'", '"')
    if '"' not in text and "'" not in text:
        mended = _BARE.sub(lambda found: found[0] if found[0] in _WORDS else f'"{found[0]}"', text)
    return mended if is_json(mended) and "'" not in mended else ""


_WORDS = ("true", "false", "null")
