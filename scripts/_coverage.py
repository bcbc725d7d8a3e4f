"""Reports which share of the branches tests took, by package, from what `coverage json` wrote; used by scripts/test.

It fails if the packages of `HELD` together, or one of them, are below `LEAST`.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

HELD = ("protocol", "dialects", "client", "transport")
"""Packages whose branches the quick tests must take."""

LEAST = 92.0
"""The smallest share, in percent."""


def package_of(file: str) -> str:
    """The part of the library that *file* belongs to: a package of `centripetal`, or a module."""
    parts = Path(file).parts
    inner = parts[parts.index("centripetal") + 1 :] if "centripetal" in parts else parts[-1:]
    return inner[0].removesuffix(".py")


def branches(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, tuple[int, int]]:
    """By package: how many branches were taken, and how many there are."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file, each in report["files"].items():
        summary = each["summary"]
        counts = found[package_of(file)]
        counts[0] += summary["covered_branches"]
        counts[1] += summary["num_branches"]
    return {package: (taken, total) for package, (taken, total) in sorted(found.items())}


def percent(taken: int, total: int) -> float:
    """The share in percent; without branches, all were taken."""
    return 100.0 * taken / total if total else 100.0


def main(arguments: list[str]) -> int:
    """Print the table for the report that *arguments* name; 1 if a share is too small."""
    found = branches(json.loads(Path(arguments[0]).read_text()))
    together = " + ".join(HELD)
    held = {package: found.get(package, (0, 0)) for package in HELD}
    sums = sum(taken for taken, _ in held.values()), sum(total for _, total in held.values())
    rows = {**dict(sorted({**found, **held}.items())), together: sums}
    low = []
    print(f"{'branches taken':>42}")
    for name, (taken, total) in rows.items():
        share = percent(taken, total)
        print(f"{taken:6} of {total:6}  {share:6.2f} %  {name}")
        if name in (*HELD, together) and (share < LEAST or not total):
            low.append(name)
    for name in low:
        print(f"error: the quick tests must take {LEAST:g} % of the branches of {name}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
