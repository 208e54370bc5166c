"""`python -m sockguard`: the same as the `sockguard` command."""

import sys

from sockguard.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
