"""Hooks for PyInstaller, which finds them through the entry point `hook-dirs` of the group `pyinstaller40`."""

__all__ = ["hook_dirs"]


def hook_dirs() -> list[str]:
    """Return the folders with hooks."""
    return list(__path__)
