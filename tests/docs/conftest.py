"""Tests of pages that are seen in a browser use that of the console's tests."""

from tests.browser.conftest import open_browser

__all__ = ["open_browser"]
