"""The docker commands of this machine: each version asks and decodes in its own way.

Must never name one that is not installed.
"""

from __future__ import annotations

import os
import shutil


def docker_programs() -> list[str]:
    """The path of every docker command, each once."""
    places = os.environ["PATH"].split(os.pathsep)
    found = [name for place in places if (name := shutil.which("docker", path=place))]
    return sorted({os.path.realpath(name) for name in found})
