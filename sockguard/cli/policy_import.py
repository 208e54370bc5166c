"""`sockguard policy import`: the policy that another socket proxy's settings come to, as YAML.

Must never print a policy that does not load, nor one that leaves out a part of what it read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.cli.say import UsageError, note, put
from sockguard.compat.compose import read_compose
from sockguard.compat.dialects import DIALECTS
from sockguard.compat.env_file import read_env_file
from sockguard.compat.follow import follow
from sockguard.errors import SockguardError
from sockguard.policy.complaints import Complaints
from sockguard.policy.load import MAX_FILE, SUFFIXES, read_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sockguard.compat.compose import Compose

GOOD = 0
_STDIN = "-"


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `import` to those of `policy`."""
    parser = verbs.add_parser("import", help="write the policy of another socket proxy as YAML")
    parser.add_argument("proxy", choices=[*DIALECTS], metavar="PROXY", help=" or ".join(DIALECTS))
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a compose file (.yaml), or a file of variables, - for standard input; without one"
        " the variables that are set here",
    )
    parser.add_argument("--service", metavar="NAME", help="which service of the compose file it is")
    parser.set_defaults(run=import_policy)


def import_policy(arguments: argparse.Namespace) -> int:
    """Print the policy on standard output, and what to mind about it on standard error."""
    dialect = DIALECTS[arguments.proxy]
    variables = _variables(arguments, dialect.image)
    followed = follow(dialect.name, variables)
    if not variables.keys() & set(dialect.toggles):
        note(f"warning: no variable of {dialect.name} is set there, so all are as in its image")
    for warning in followed.warnings:
        note(f"warning: {warning}")
    for line in _how_to_serve(followed.defaults):
        put(line)
    put(followed.policy.removesuffix("\n"))
    return GOOD


def _how_to_serve(defaults: Mapping[str, str]) -> list[str]:
    flags = [f"--listen {one}" for one in defaults["listen"].split(",")]
    if defaults["upstream"] != "unix:///var/run/docker.sock":
        flags.append(f"--upstream {defaults['upstream']}")
    return [
        f"# Served as it was with: {' '.join(flags)} --plain-on-any-network",
        "# On a Unix socket of its own instead, without these flags: take the line `match` away.",
        "#",
    ]


def _variables(arguments: argparse.Namespace, image: str) -> Mapping[str, str]:
    file = arguments.file
    complaints = Complaints()
    if file is not None and file.endswith(SUFFIXES):
        compose = open_compose(file, complaints)
        found = compose.service(service_named(compose, arguments.service, image)).environment
    elif arguments.service is not None:
        raise UsageError("--service is about a compose file, whose name ends in .yaml or .yml")
    elif file is None:
        found = os.environ
    else:
        found = read_env_file(_shown(file), _text_of(file), complaints)
    complaints.raise_any()
    return found


def open_compose(file: str, complaints: Complaints) -> Compose:
    """Read a compose file; its variables come from here, or from `.env` beside it, as in compose.

    Raises PolicyError.
    """
    beside = Path(file).parent / ".env"
    environ = dict(os.environ)
    if beside.is_file():
        environ = {**read_env_file(str(beside), _text_of(str(beside)), complaints), **environ}
    return read_compose(file, _text_of(file), environ, complaints)


def service_named(compose: Compose, name: str | None, image: str) -> str:
    """Return the service that is asked for, or the only one with this image."""
    known = ", ".join(compose.services)
    if name is not None:
        if name not in compose.services:
            raise SockguardError(f"there is no service {name!r}; there are: {known}")
        return name
    found = [one for one, its in compose.services.items() if _is_image(its, image)]
    if len(found) != 1:
        which = ", ".join(found) or known
        raise SockguardError(
            f"{'several services have' if found else 'no service has'} the image {image}: say with"
            f" --service which it is, of {which}"
        )
    return found[0]


def _is_image(written: str, image: str) -> bool:
    repository = written.partition("@")[0].rpartition("/")
    last = f"{repository[0]}{repository[1]}{repository[2].partition(':')[0]}"
    return last == image or last.endswith(f"/{image}")


def _text_of(file: str) -> str:
    data = sys.stdin.buffer.read(MAX_FILE + 1) if file == _STDIN else read_file(file)
    if len(data) > MAX_FILE:
        raise SockguardError(f"standard input is larger than {MAX_FILE // 1024**2} MiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SockguardError(f"{file}: is not UTF-8 text") from None


def _shown(file: str) -> str:
    return "standard input" if file == _STDIN else file
