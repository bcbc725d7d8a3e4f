"""Make the browser fixtures of the console's tests available to the examples."""

from tests.browser.conftest import open_browser, program

__all__ = ["open_browser", "program"]
