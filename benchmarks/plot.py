"""Chart of a run as SVG: bars of messages per second, by race.

It has its own background, light or dark like the system, because the page around it may use the other theme, which an
image cannot detect.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["svg"]

_WIDTH, _NAMES, _NUMBERS, _LINE, _MARGIN = 760, 220, 90, 20, 16
_STYLE = """
.ground { fill: #ffffff; stroke: #d0d7de }
text { font: 12px system-ui, sans-serif; fill: #24292f }
.race { font-weight: 600 }
.number { fill: #57606a }
.ours { fill: #0969da }
.other { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #161b22; stroke: #30363d }
  text { fill: #e6edf3 }
  .number { fill: #8d96a0 }
  .ours { fill: #4493f8 }
  .other { fill: #5b6570 }
}
"""


def svg(report: Mapping[str, Any]) -> str:
    """Return a chart of the result of `benchmarks.report.as_json`; bars of a race share a scale that starts at zero."""
    parts: list[str] = []
    top = 24
    for race in report["races"]:
        parts.append(f'<text class="race" x="0" y="{top}">{escape(race["name"])}: messages per second</text>')
        rates = {name: one["messages_per_second"] for name, one in race["contenders"].items()}
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
    size = f"{_WIDTH + 2 * _MARGIN}", f"{top - _LINE + 2 * _MARGIN}"
    box = f'x="{-_MARGIN}" y="{-_MARGIN}" width="{size[0]}" height="{size[1]}"'
    view = f"{-_MARGIN} {-_MARGIN} {' '.join(size)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{size[0]}" role="img">'
    label = "<title>Messages per second, by race and contender</title>"
    ground = f'<rect class="ground" {box} rx="8"/>'
    return "\n".join([head, label, f"<style>{_STYLE}</style>", ground, *parts, "</svg>"]) + "\n"
