"""`python -m centripetal` is the command line."""

from centripetal.cli.main import run

if __name__ == "__main__":
    run()
