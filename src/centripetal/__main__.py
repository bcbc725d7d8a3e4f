"""Entry point of `python -m centripetal`, which is the same program as `centripetal`."""

from centripetal.cli.main import run

if __name__ == "__main__":
    run()
