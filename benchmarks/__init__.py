"""How fast the library is, next to others that do the same work: `python -m benchmarks` (see `__main__.py`)."""
