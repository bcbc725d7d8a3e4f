"""What PyInstaller cannot see: the files of the console's page, and modules that `centripetal` imports by name."""

from PyInstaller.utils.hooks import collect_data_files  # pyright: ignore[reportMissingImports]

datas = collect_data_files("centripetal.server.console")
hiddenimports = [f"centripetal.{name}" for name in ("current", "errors", "proxy", "server", "testing", "tokens", "v1")]
