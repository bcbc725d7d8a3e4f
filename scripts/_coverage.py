"""Report the branch coverage by package from the output of `coverage json`; used by scripts/test.

It fails if the packages of `HELD` together, or any of them, are below `LEAST`.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

HELD = ("protocol", "dialects", "client", "transport")
"""Packages with a minimum branch coverage by quick tests."""

LEAST = 92.0
"""Minimum coverage in percent."""


def package_of(file: str) -> str:
    """Return the part of the library that contains *file*: a package of `centripetal`, or a module."""
    parts = Path(file).parts
    inner = parts[parts.index("centripetal") + 1 :] if "centripetal" in parts else parts[-1:]
    return inner[0].removesuffix(".py")


def branches(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, tuple[int, int]]:
    """Return the number of taken branches and of all branches, by package."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file, each in report["files"].items():
        summary = each["summary"]
        counts = found[package_of(file)]
        counts[0] += summary["covered_branches"]
        counts[1] += summary["num_branches"]
    return {package: (taken, total) for package, (taken, total) in sorted(found.items())}


def percent(taken: int, total: int) -> float:
    """Return the share in percent; without branches it is 100."""
    return 100.0 * taken / total if total else 100.0


def main(arguments: list[str]) -> int:
    """Print the table for the report file in *arguments*; return 1 if a share is too small."""
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
