"""`python -m demo --socket PATH`: a simulated Docker Engine to try clients and sockguard on.

Must never be used as an Engine: it forgets everything when it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from demo.server import DemoEngine


def main() -> int:
    """Run until SIGINT or SIGTERM; exit code 1 when the socket cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True, metavar="PATH", help="Unix socket to listen on")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    given = parser.parse_args()
    try:
        asyncio.run(_serve(given.socket, given.quiet))
    except OSError as error:
        print(f"demo: {given.socket}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


async def _serve(path: str, quiet: bool) -> None:
    engine = DemoEngine(path)
    await engine.start()
    if not quiet:
        print(f"demo engine: docker -H unix://{path} ps", flush=True)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await engine.stop()


if __name__ == "__main__":
    sys.exit(main())
