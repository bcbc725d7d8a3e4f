"""Headers of a request, decoded at their first use: most handlers never look at them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

__all__ = ["Headers", "RawHeaders"]


class Headers(Protocol):
    """The headers of any framework: a dict, or an object with the same `items()`."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return names and values."""
        ...


class RawHeaders(Mapping[str, str]):
    """The headers of an ASGI scope by lower-case name; of repeated headers the last one counts.

    Args:
        pairs: names, in lower case, and values.
    """

    __slots__ = ("_decoded", "_pairs")

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs
        self._decoded: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        if self._decoded is None:
            self._decoded = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._pairs}
        return self._decoded

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"
