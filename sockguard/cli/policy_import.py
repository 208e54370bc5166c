"""`sockguard policy import`: the policy that another socket proxy's settings come to, as YAML.

Must never print a policy that does not load, nor one that leaves out a part of what it read.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.text import copyable
from sockguard.cli.say import UsageError, put
from sockguard.cli.stoppable import within
from sockguard.compat.by_expression import policy_of_expressions
from sockguard.compat.compose import Service, read_compose
from sockguard.compat.dialects import DIALECTS
from sockguard.compat.env_file import read_env_file
from sockguard.compat.follow import follow
from sockguard.compat.matched import try_alone
from sockguard.compat.wollomatic import IMAGE, LABELS, read_labels, read_settings
from sockguard.compat.written import comment
from sockguard.errors import SockguardError
from sockguard.identity.listener import listener_of
from sockguard.policy.complaints import Complaints
from sockguard.policy.load import MAX_FILE, SUFFIXES, read_file
from sockguard.policy.model import Source
from sockguard.proxy.own_log import put_error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.compat.compose import Compose
    from sockguard.compat.matched import Expression
    from sockguard.compat.wollomatic import Allowed, Told

GOOD = 0
_STDIN = "-"
_ENGINE = "/var/run/docker.sock"
_WOLLOMATIC = "wollomatic"
_ALL_SECONDS, _ONE_SECONDS = 20.0, 3.0
"""A common expression takes a tenth of a second."""
_MOST_TRIED = 20


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb `import` to those of `policy`."""
    parser = verbs.add_parser("import", help="write the policy of another socket proxy as YAML")
    proxies = (*DIALECTS, _WOLLOMATIC)
    parser.add_argument("proxy", choices=proxies, metavar="PROXY", help=", ".join(proxies))
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
    complaints = Complaints()
    whole = arguments.proxy == _WOLLOMATIC
    found = _read(arguments, IMAGE if whole else DIALECTS[arguments.proxy].image, complaints)
    text, warnings = _by_expressions(found, complaints) if whole else _by_toggles(arguments, found)
    put(text.removesuffix("\n"))
    sys.stdout.flush()  # what to mind comes last, where a long policy does not push it away
    for warning in (*warnings, *_group_wanted(found)):
        put_error(f"sockguard: warning: {copyable(warning)}")
    return GOOD


@dataclass(frozen=True, slots=True)
class _Found:
    """What one proxy is told, and the labels that its neighbours have for it.

    `barred_from` is the Engine's socket, where it is mounted without a group for our image's user.
    """

    place: str
    service: Service
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    barred_from: str = ""


def _group_wanted(found: _Found) -> Iterator[str]:
    """Yield the line that the service needs once its image is ours, which is not run by root."""
    if found.barred_from:
        gid = f"DOCKER_GID:?is not set, this prints it - stat -c %g {found.barred_from}"
        yield (
            f"{found.service.source}: service {found.service.name} has no group for "
            f"{found.barred_from}, and sockguard is not run by root; add to it: "
            f'group_add: ["${{{gid}}}"]'
        )


def _read(arguments: argparse.Namespace, image: str, complaints: Complaints) -> _Found:
    file = arguments.file
    if file is not None and file.endswith(SUFFIXES):
        compose = open_compose(file, complaints)
        name = service_named(compose, arguments.service, image)
        others = [one for one in compose.services if one != name and image == IMAGE]
        labels = {one: compose.labels(one, LABELS) for one in others}
        told = {k: v for k, v in labels.items() if v}
        found = _Found(file, compose.service(name), told, compose.barred_from(name))
    elif arguments.service is not None:
        raise UsageError("--service is about a compose file, whose name ends in .yaml or .yml")
    elif file is None:
        here = Source("the environment", 0)
        found = _Found(here.file, Service("", here, os.environ))
    else:
        place = "standard input" if file == _STDIN else file
        variables = read_env_file(place, _text_of(file), complaints)
        found = _Found(place, Service("", Source(place, 0), variables))
    complaints.raise_any()
    return found


# --- two that are told by variables ---------------------------------------------------------------


def _by_toggles(arguments: argparse.Namespace, found: _Found) -> tuple[str, Sequence[str]]:
    dialect, environ = DIALECTS[arguments.proxy], found.service.environment
    followed = follow(dialect.name, environ)
    warnings = list(followed.warnings)
    if not environ.keys() & set(dialect.toggles):
        warnings.insert(
            0, f"{found.place}: no variable of {dialect.name} is set: all as in its image"
        )
    listeners = followed.defaults["listen"].split(",")
    head = _how_to_serve(listeners, followed.defaults["upstream"].removeprefix("unix://"))
    return "".join(head) + followed.policy, warnings


def _how_to_serve(listeners: Sequence[str], upstream: str) -> Iterator[str]:
    flags = [f"--listen {one}" for one in listeners]
    if not all(listener_of(one).loopback for one in listeners):
        flags.append("--plain-on-any-network")
    if upstream != _ENGINE:
        flags.append(f"--upstream {shlex.quote(f'unix://{upstream}')}")
    yield f"{comment('Served as it was with: ' + ' '.join(flags))}\n"
    yield "# On a Unix socket instead, without these flags: take the line `match` away.\n"
    yield "#\n"


# --- the one that is told by expressions ----------------------------------------------------------


def _by_expressions(found: _Found, complaints: Complaints) -> tuple[str, Sequence[str]]:
    told = read_settings(found.service.command, found.service.environment)
    labelled = {}
    for service, labels in found.labels.items() if told.by_label else ():
        labelled[service], faults = read_labels(labels)
        for fault in faults:
            complaints.add(found.service.source, f"{service}: {fault}")
    for fault in told.faults:
        complaints.add(found.service.source, fault)
    if told.lets_nobody_in and not labelled:
        complaints.add(
            found.service.source, "-allowfrom= lets nobody in: there is nothing to write"
        )
    complaints.raise_any()
    text, warnings = _tried(told, labelled, found, complaints)
    if found.labels and not told.by_label:
        ignored = "labels of other services count only with -proxycontainername, which is not set"
        warnings = (ignored, *warnings)
    return "".join(
        () if told.socket else _how_to_serve([told.listener], told.upstream)
    ) + text, warnings


def _tried(
    told: Told, labelled: Mapping[str, Allowed], found: _Found, complaints: Complaints
) -> tuple[str, tuple[str, ...]]:
    """Make the policy, unless trying the expressions would take for ever, as it would not in Go."""
    try:
        return within(_ALL_SECONDS, policy_of_expressions, told, labelled)
    except TimeoutError:
        every = [one for each in (told.allowed, *labelled.values()) for one in each.expressions]
        complaints.add(
            found.service.source,
            f"{_slowest(every)}: takes too long to be tried on paths here; write it without"
            " repetitions within repetitions, as in [a-z0-9]* for ([a-z0-9]+)*",
        )
        complaints.raise_any()
        raise


def _slowest(expressions: Sequence[Expression]) -> str:
    """Return the first that takes too long alone, or all of them."""
    for one in expressions[:_MOST_TRIED]:
        try:
            within(_ONE_SECONDS, try_alone, one)
        except TimeoutError:
            return str(one)
    return ", ".join(map(str, expressions))


# --- files ----------------------------------------------------------------------------------------


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
    if not found:
        _refuse_another_proxy(compose, image)
    if len(found) != 1:
        which = ", ".join(found) or known
        raise SockguardError(
            f"{'several services have' if found else 'no service has'} the image {image}: say with"
            f" --service which it is, of {which}"
        )
    return found[0]


def _refuse_another_proxy(compose: Compose, image: str) -> None:
    """Raise SockguardError where a service is another proxy that can be imported."""
    images = {name: dialect.image for name, dialect in DIALECTS.items()} | {"wollomatic": IMAGE}
    for service, its in compose.services.items():
        for proxy, one in images.items():
            if one != image and _is_image(its, one):
                raise SockguardError(
                    f"no service has the image {image}, but {service!r} has {one}:"
                    f" did you mean `policy import {proxy}`?"
                )


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
