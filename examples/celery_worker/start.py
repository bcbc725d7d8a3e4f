"""Start a job for each file: `python start.py sales.csv`. Prints the channels to watch."""

import sys

from tasks import add_up

for path in sys.argv[1:]:
    print(f"jobs:{add_up.delay(path).id}")
