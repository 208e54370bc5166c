"""The one command of the benchmarks: start everything, put load on it, print what it costs.

Must never judge: slow is a figure, and only a failure to run is an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a file, Python looks for modules in this folder only, and they are named by the project's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.session import main

if __name__ == "__main__":
    sys.exit(main())
