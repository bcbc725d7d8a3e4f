"""Tests of examples use the browser of the console's tests."""

from tests.browser.conftest import open_browser

__all__ = ["open_browser"]
