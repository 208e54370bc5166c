"""`sockguard certs`: an authority for people without one, and the certificates that it signs.

Must never load the cryptography package before one of its verbs runs: `serve` starts without it.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # its only name
    Verb = Callable[[argparse.Namespace], int]

MOST_DAYS = 36500
_ABOUT = """\
Makes certificates for sockguard's TLS listener and for those who connect to it.

  sockguard certs init
  sockguard certs issue docker.home.lab --server --dns docker.home.lab
  sockguard certs issue ci --spiffe spiffe://home.lab/ci

Each certificate comes in a folder of its own: that of a server is what `sockguard serve` takes,
that of a client what DOCKER_CERT_PATH takes. Whoever has an authority already puts its ca.pem and
ca-key.pem (PEM, mode 0600) into the folder that --ca-dir names, or makes certificates with its own
program: `serve` takes folders from anywhere.
"""
_RENEW = """\
Puts a new key and certificate of the same names into the folder of the old ones. The old
certificate counts until its end, unless --revoke-old is given. Each file is replaced in one step,
the key first; a program that reads both in between finds that they do not match and has to read
again, as a running sockguard does.
"""
_REVOKE = """\
Revokes all certificates of this name: adds them to the authority's crl.pem and puts it into the
folder of each server that was issued here. A running sockguard obeys at once and ends the
connections of these certificates. Servers that got their folder by hand need a copy of crl.pem.
"""


_NAMES = (
    ("--spiffe", "ID", "a SPIFFE ID, as in spiffe://home.lab/ci"),
    ("--dns", "HOST", "a DNS name; may be repeated (a server without any: localhost and its own)"),
    ("--ip", "ADDRESS", "an address; may be repeated"),
)


def register(commands: Verbs) -> None:
    """Add the command `certs` with its verbs; each sets `run`."""
    certs = commands.add_parser(
        "certs",
        help="make, list, renew and revoke certificates",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = certs.add_subparsers(metavar="VERB", required=True)
    init = _verb(verbs, "init", "make an authority (ECDSA P-256); never overwrites one", _init)
    _add_days(init, "how long the authority lasts (default: 3650)")
    _add_issue(verbs)
    listing = _verb(verbs, "list", "what was issued, until when, and whether it counts", _list)
    listing.add_argument("--json", action="store_true", help="as one JSON document")
    revoke = _verb(verbs, "revoke", "take the certificates of a name back", _revoke, _REVOKE)
    _add_name(revoke)
    renew = _verb(verbs, "renew", "a new key and certificate of the same names", _renew, _RENEW)
    _add_name(renew)
    _add_days(renew, "how long the new certificate lasts (default: 397)")
    renew.add_argument("--revoke-old", action="store_true", help="let the old one end at once")


def _add_issue(verbs: Verbs) -> None:
    issue = _verb(verbs, "issue", "make a certificate, and print the policy that knows it", _issue)
    _add_name(issue)
    issue.add_argument(
        "--server", action="store_true", help="for a server; without it, for a client"
    )
    for flag, metavar, help_ in _NAMES:
        issue.add_argument(flag, action="append", default=[], metavar=metavar, help=help_)
    _add_days(issue, "how long it lasts (default: 397), at most as long as the authority")
    issue.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder to write, instead of issued/NAME"
    )
    issue.add_argument(
        "--context", action="store_true", help="print how to use it with the docker command, too"
    )
    issue.add_argument(
        "--host",
        type=_host,
        metavar="URL",
        help="where the server is, for --context (default: tcp://localhost:2376)",
    )


def _verb(
    verbs: Verbs, name: str, help_: str, run: Verb, description: str = ""
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_, description=description or None)
    parser.add_argument(
        "--ca-dir",
        type=Path,
        metavar="DIR",
        help="the authority's folder (default: /var/lib/sockguard/certs for root, else the state "
        "folder)",
    )
    parser.set_defaults(run=run)
    return parser


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the certificate's name, as in ci")


def _add_days(parser: argparse.ArgumentParser, help_: str) -> None:
    parser.add_argument("--days", type=_days, metavar="N", help=help_)


def _days(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)


def _host(text: str) -> str:
    if not re.fullmatch(r"tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be tcp://, a name or an address, and a port, as in tcp://192.0.2.7:2376"
        )
    return text


def _init(arguments: argparse.Namespace) -> int:
    from sockguard.cli.certs_verbs import init  # noqa: PLC0415  # see the docstring

    return init(arguments)


def _issue(arguments: argparse.Namespace) -> int:
    from sockguard.cli.certs_verbs import issue_one  # noqa: PLC0415

    return issue_one(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from sockguard.cli.certs_verbs import show_list  # noqa: PLC0415

    return show_list(arguments)


def _revoke(arguments: argparse.Namespace) -> int:
    from sockguard.cli.certs_verbs import revoke_name  # noqa: PLC0415

    return revoke_name(arguments)


def _renew(arguments: argparse.Namespace) -> int:
    from sockguard.cli.certs_verbs import renew_name  # noqa: PLC0415

    return renew_name(arguments)
