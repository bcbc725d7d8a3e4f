"""A picture of a run: bars of messages per second, by race, as SVG that reads well on light and on dark ground."""

from collections.abc import Sequence
from html import escape

from benchmarks.measure import Result

__all__ = ["svg"]

_WIDTH, _NAMES, _NUMBERS, _LINE = 760, 220, 90, 20
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.race { font-weight: 600 }
.number { fill: #57606a }
.ours { fill: #0969da }
.other { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .number { fill: #8d96a0 }
  .ours { fill: #4493f8 }
  .other { fill: #5b6570 }
}
"""


def svg(results: Sequence[Result]) -> str:
    """One bar a contender; within a race they share a scale, from zero."""
    parts: list[str] = []
    top = 24
    for result in results:
        parts.append(f'<text class="race" x="0" y="{top}">{escape(result.race.name)}: messages per second</text>')
        rates = {name: result.rate(name) for name in result.turns}
        for name, rate in rates.items():
            top += _LINE
            width = (_WIDTH - _NAMES - _NUMBERS) * rate / max(rates.values())
            kind = "ours" if "Client" in name else "other"
            parts.append(f'<text x="{_NAMES - 8}" y="{top}" text-anchor="end">{escape(name)}</text>')
            parts.append(
                f'<rect class="{kind}" x="{_NAMES}" y="{top - 12}" width="{max(width, 1):.1f}" height="15" rx="2"/>'
            )
            parts.append(f'<text class="number" x="{_NAMES + width + 6:.1f}" y="{top}">{rate:,.0f}</text>')
        top += 2 * _LINE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top - _LINE}" width="{_WIDTH}" role="img">'
    label = "<title>Messages per second, by race and contender</title>"
    return "\n".join([head, label, f"<style>{_STYLE}</style>", *parts, "</svg>"]) + "\n"
