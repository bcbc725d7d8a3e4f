"""Speed of the library compared with other libraries: `python -m benchmarks` (see `__main__.py`)."""
