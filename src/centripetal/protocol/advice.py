"""The form of a dialect's table of advice: what a refusal means, and what to do about it. PURE.

The tables are in `dialects/v1/advice.py` and `dialects/current/advice.py`, each with the same name, `ADVICE`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Advice", "AdviceTable"]


class Advice(NamedTuple):
    """An entry of a table.

    Attributes:
        meaning: what happened, a sentence.
        fix: what to do, one or more sentences; empty if the back end asked for what happened.

    In a table, both may name {channel}, {namespace}, {user}, {method} and {reason}.
    """

    meaning: str
    fix: str = ""

    @property
    def hint(self) -> str:
        """The fix, or the meaning if there is nothing to fix, as it continues a sentence."""
        text = (self.fix or self.meaning).removesuffix(".")
        return text[:1].lower() + text[1:]

    def about(
        self, *, method: str = "", channels: Sequence[str] = (), user: str | None = None, reason: str = ""
    ) -> "Advice":
        """This advice with the names of one case in it."""
        namespaces = {each.removeprefix("$").partition(":")[0] for each in channels if ":" in each}
        words = {
            "channel": ", ".join(f"“{each}”" for each in channels[:3] if each) or "the channel",
            "namespace": namespaces.pop() if len(namespaces) == 1 else "…",
            "user": f"user “{user}”" if user else "an anonymous client" if user == "" else "the user",
            "method": method,
            "reason": reason,
        }
        return Advice(*(text[:1].upper() + text[1:] for text in (each.format_map(words) for each in self)))


class AdviceTable(NamedTuple):
    """What one dialect's refusals mean.

    Attributes:
        errors: errors of commands by code (1.x: message) and method. The method may be followed by what the channel's
            name begins with or contains ("subscribe $"), or by "anonymous"; "" is any other method.
        closes: ends of connections by code (1.x: reason).
        requests: requests refused as a whole by the beginning of the reason in the server's log.
        codes: the codes that error messages belong to.
    """

    errors: Mapping[tuple[int | str, str], Advice]
    closes: Mapping[int | str, Advice]
    requests: Mapping[str, Advice]
    codes: Mapping[str, int] = {}

    def for_error(
        self, error: int | str, method: str = "", channels: Sequence[str] = (), user: str | None = None
    ) -> Advice | None:
        """The advice about a command that was answered with *error*, a code or message; None if there is none.

        Args:
            error: the code or the message.
            method: the command's method.
            channels: the channels that the command names.
            user: who sent it, if a client did; "" is the anonymous user.
        """
        code = self.codes.get(error, error) if isinstance(error, str) else error
        cases = [f"{method} {mark}" for mark in "#&" if any(mark in each for each in channels)]
        if any(each.startswith("$") for each in channels):
            cases.insert(0, f"{method} $")
        if user == "":
            cases.append(f"{method} anonymous")
        for case in (*cases, method, ""):
            if (found := self.errors.get((code, case))) is not None:
                return found.about(method=method, channels=channels, user=user)
        return None

    def hint(self, error: int | str, command: Any, method: str) -> str:
        """The hint about *command* of this *method* that was answered with *error*; "" if there is none."""
        channels = getattr(command, "channels", None) or [getattr(command, "channel", "")]
        found = self.for_error(error, method, channels)
        return "" if found is None else found.hint

    def for_close(self, code: int, reason: str, user: str | None = None) -> Advice | None:
        """The advice about a connection of *user* that was closed with *code* and *reason*; None if there is none."""
        found = self.closes.get(code) or self.closes.get(reason)
        return None if found is None else found.about(user=user, reason=reason)

    def for_request(self, reason: str) -> Advice:
        """The advice about a request that the server refused for *reason*."""
        found = next(advice for words, advice in self.requests.items() if reason.startswith(words))
        return found.about(reason=reason)
