"""Browser tests of pages use the browser fixture of the console's tests."""

from tests.browser.conftest import open_browser, program

__all__ = ["open_browser", "program"]
