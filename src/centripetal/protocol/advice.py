"""Structure of the advice tables: what each server error means and how to fix it. PURE.

Each dialect has its own table with the name `ADVICE`, in `dialects/v1/advice.py` and `dialects/current/advice.py`.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

from centripetal.protocol.exact import exact_text

__all__ = ["Advice", "AdviceTable", "Places"]


class Advice(NamedTuple):
    """Entry of an advice table.

    Attributes:
        meaning: what happened, one sentence.
        fix: how to fix it, one or more sentences; empty if the back end requested what happened.

    In a table, both texts may contain the placeholders {channel}, {namespace}, {user}, {method}, {reason} and
    {options}, which says where the channel's options are, such as “in `channel.without_namespace`”.
    """

    meaning: str
    fix: str = ""

    @property
    def hint(self) -> str:
        """The fix, or the meaning if there is nothing to fix, as the second half of a sentence."""
        text = (self.fix or self.meaning).removesuffix(".")
        return text[:1].lower() + text[1:]

    def about(
        self,
        *,
        method: str = "",
        channels: Sequence[str] = (),
        user: str | None = None,
        reason: str = "",
        places: "Places | None" = None,
    ) -> "Advice":
        """Return this advice with the placeholders filled in."""
        namespaces = namespaces_of(channels)
        named = namespaces - {""}
        words = {
            "channel": ", ".join(f"“{each:.100}”" for each in channels[:3] if each) or "the channel",
            "namespace": f"{next(iter(named)):.100}" if len(named) == 1 else "…",
            "options": "in the configuration" if places is None else places.of(namespaces),
            "user": f"user “{user}”" if user else "an anonymous client" if user == "" else "the user",
            "method": method,
            "reason": reason,
        }
        return Advice(*(text[:1].upper() + text[1:] for text in (each.format_map(words) for each in self)))


class Places(NamedTuple):
    """Where the options of channels are in the configuration of a server.

    Attributes:
        top: the place for channels without a namespace, with its preposition.
        namespaces: the list of namespaces.
    """

    top: str
    namespaces: str

    def of(self, namespaces: Set[str]) -> str:
        """Return the place of the options of channels in *namespaces*, with its preposition.

        The namespace of channels without a namespace is "".
        """
        if len(namespaces) != 1:
            return f"in the channel's namespace, or {self.top} for channels without a namespace"
        (name,) = namespaces
        return f"in the entry “{name:.100}” of {self.namespaces}" if name else self.top


def namespaces_of(channels: Sequence[str]) -> set[str]:
    """Return the names of the namespaces of *channels*, "" for channels without a namespace."""
    parts = [each.removeprefix("$").partition(":") for each in channels if each]
    return {name if colon else "" for name, colon, _ in parts}


class AdviceTable(NamedTuple):
    """Meaning of the errors of one dialect.

    Attributes:
        errors: errors of commands, by code (1.x: message) and method. The method may be followed by a character that
            the channel's name starts with or contains ("subscribe $"), or by "anonymous"; "" matches any method, and
            ":" any method about channels without a namespace.
        closes: closed connections, by code (1.x: reason).
        requests: requests that were rejected as a whole, by the beginning of the reason in the server's log.
        codes: error codes by error message.
        places: where the options of channels are.
    """

    errors: Mapping[tuple[int | str, str], Advice]
    closes: Mapping[int | str, Advice]
    requests: Mapping[str, Advice]
    codes: Mapping[str, int] = {}
    places: Places | None = None

    def for_error(
        self, error: int | str, method: str = "", channels: Sequence[str] = (), user: str | None = None
    ) -> Advice | None:
        """Return the advice about a command that failed with *error*, or None if the table has no entry for it.

        Args:
            error: error code or message.
            method: the command's method.
            channels: channels that the command names.
            user: id of the user whose client sent the command, "" for the anonymous user; None for a back end.
        """
        code = self.codes.get(error, error) if isinstance(error, str) else error
        cases = [f"{method} {mark}" for mark in "#&" if any(mark in each for each in channels)]
        if any(each.startswith("$") for each in channels):
            cases.insert(0, f"{method} $")
        if user == "":
            cases.append(f"{method} anonymous")
        cases.append(method)
        if namespaces_of(channels) == {""}:
            cases.append(":")
        for case in (*cases, ""):
            if (found := self.errors.get((code, case))) is not None:
                return found.about(method=method, channels=channels, user=user, places=self.places)
        return None

    def hint(self, error: int | str, command: Any, method: str) -> str:
        """Return the hint about *command*, a call of *method* that failed with *error*, or "" if the table has none."""
        try:
            names = getattr(command, "channels", None) or [getattr(command, "channel", "")]
            channels = [exact_text(name) or "" for name in names]
        except Exception:  # raised by code of the caller's list
            channels = []
        found = self.for_error(error, method, channels)
        return "" if found is None else found.hint

    def for_close(self, code: int, reason: str, user: str | None = None) -> Advice | None:
        """Return the advice about a connection of *user* that was closed with *code* and *reason*, or None."""
        found = self.closes.get(code) or self.closes.get(reason)
        return None if found is None else found.about(user=user, reason=reason)

    def for_request(self, reason: str) -> Advice:
        """Return the advice about a request that the server rejected for *reason*."""
        found = next(advice for words, advice in self.requests.items() if reason.startswith(words))
        return found.about(reason=reason)
