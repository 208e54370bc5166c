"""`python -m tests.soak --minutes 10`: prints one line of figures; exit 1 when anything grew."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.run import soak


def main() -> int:
    """Soak for as many minutes as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        found = soak(Path(folder), parser.parse_args().minutes * 60)
    print(found.line())
    for problem in found.problems():
        print(f"soak: {problem}", file=sys.stderr)
    return bool(found.problems())


if __name__ == "__main__":
    sys.exit(main())
