"""The verbs of `sockguard certs`, with what they print.

Must never print a key.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING

from sockguard.certs.authority_store import create_authority, open_authority
from sockguard.certs.folder import CA, CRL, default_ca_dir
from sockguard.certs.issued_store import issue, read_record, renew
from sockguard.certs.issuing import AUTHORITY_DAYS, LEAF_DAYS, Kind, Wanted
from sockguard.certs.listing_store import listing
from sockguard.certs.names import check_name, is_dns_name, read_names
from sockguard.certs.revoked_store import revoke
from sockguard.cli.certs_text import DEFAULT_HOST, docker_lines, moment, policy_lines, table, until
from sockguard.cli.say import UsageError, say
from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from sockguard.certs.authority_store import Authority
    from sockguard.certs.issued_store import Certificates, Record
    from sockguard.certs.listing_store import Listed, Listing

_GOOD = 0
_FINDING = 1
_HERE = ("127.0.0.1", "::1")
_HEADINGS = ("NAME", "KIND", "NAMES", "EXPIRES", "STATE")


def init(arguments: argparse.Namespace) -> int:
    """Make an authority."""
    now = time.time()
    authority = create_authority(_ca_dir(arguments), now, arguments.days or AUTHORITY_DAYS)
    folder = authority.folder
    say([f"made '{authority.name}' in {folder}, valid {_until(authority.not_after, now)}"])
    say([f"{folder / CA} is for everybody; whoever has the key beside it can be any client"])
    return _GOOD


def issue_one(arguments: argparse.Namespace) -> int:
    """Make a certificate and print what to do with it."""
    if arguments.context and arguments.server:
        raise UsageError("--context is for clients: leave it or --server out")
    if arguments.host and not arguments.context:
        raise UsageError("--host says where the server is in what --context prints: add --context")
    now = time.time()
    wanted = _wanted(arguments)
    authority = open_authority(_ca_dir(arguments), now)
    record = issue(authority, wanted, now, arguments.out)
    _tell_of(record, authority, now)
    if wanted.kind is Kind.SERVER:
        say([f"serve from it with --tls-dir {record.folder}"])
        return _GOOD
    say(["", *policy_lines(record.name, wanted.names)])
    if arguments.context:
        say(["", *docker_lines(record.name, record.folder, arguments.host or DEFAULT_HOST)])
    return _GOOD


def _wanted(arguments: argparse.Namespace) -> Wanted:
    name = check_name(arguments.name)
    dns, ips, server = arguments.dns, arguments.ip, arguments.server
    if server and not dns and not ips:
        host = socket.gethostname().lower()
        dns, ips = ["localhost", *filter(is_dns_name, [host])], [*_HERE]
        note(f"without --dns and --ip it is for {', '.join((*dns, *ips))} and no other name")
    names = read_names(spiffe=arguments.spiffe, dns=dns, ips=ips, server=server)
    kind = Kind.SERVER if server else Kind.CLIENT
    return Wanted(name, kind, names, arguments.days or LEAF_DAYS)


def _tell_of(record: Record, authority: Authority, now: float) -> None:
    valid = _until(record.not_after, now)
    say([f"made '{record.name}' for a {record.kind}, valid {valid}, in {record.folder}"])
    if record.not_after == authority.not_after:
        note("it ends so early because the authority ends then")


def renew_name(arguments: argparse.Namespace) -> int:
    """Replace a certificate, and revoke what it replaces if asked."""
    now = time.time()
    authority = open_authority(_ca_dir(arguments), now)
    record = renew(authority, arguments.name, arguments.days or LEAF_DAYS, now)
    _tell_of(record, authority, now)
    if not arguments.revoke_old:
        return _GOOD
    return _revoke(authority, record.name, record.replaced, now)


def revoke_name(arguments: argparse.Namespace) -> int:
    """Take back all certificates of a name; 1 where a server's folder could not be reached."""
    now = time.time()
    authority = open_authority(_ca_dir(arguments), now)
    record = read_record(authority.folder, arguments.name)
    return _revoke(authority, record.name, record.all, now)


def _revoke(authority: Authority, name: str, certificates: Certificates, now: float) -> int:
    done = revoke(authority, certificates, now)
    count = len(done.serials)
    what = f"{count} certificate{'s' * (count != 1)} of '{name}'"
    crl = authority.folder / CRL
    told = f"revoked {what}" if count else f"all certificates of '{name}' were revoked already"
    say([f"{told}: {crl}", *(f"and in {folder}" for folder in done.written)])
    if not done.written:
        note(f"no server was issued here: put {crl} into the folders that sockguard serves from")
    for complaint in done.missed:
        note(complaint)
    return _FINDING if done.missed else _GOOD


def show_list(arguments: argparse.Namespace) -> int:
    """Print what was issued, with what still counts of what was replaced."""
    now, folder = time.time(), _ca_dir(arguments)
    found = listing(folder, now)
    if arguments.json:
        print(json.dumps(_document(found), indent=2))
        return _GOOD
    rows = [_cells(one, now) for one in found.certificates]
    say(table([_HEADINGS, *rows]) if rows else ["nothing was issued yet"])
    say(["", f"'{found.authority}' in {folder} is valid {_until(found.not_after, now)}"])
    return _GOOD


def _document(found: Listing) -> dict[str, object]:
    certificates = [
        {
            "name": one.name,
            "kind": one.kind,
            "names": one.names,
            "folder": str(one.folder),
            "serial": one.serial,
            "expires": moment(one.not_after),
            "state": one.state,
            "replaced": one.replaced,
        }
        for one in found.certificates
    ]
    authority = {"name": found.authority, "expires": moment(found.not_after)}
    return {"authority": authority, "certificates": certificates}


def _cells(one: Listed, now: float) -> tuple[str, ...]:
    expires = f"{moment(one.not_after)[:10]} ({until(one.not_after, now)})"
    state = f"{one.state}, replaced" if one.replaced else one.state
    return one.name, one.kind, ", ".join(one.names) or "-", expires, state


def _until(end: float, now: float) -> str:
    return f"until {moment(end)[:10]} ({until(end, now)})"


def _ca_dir(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.ca_dir or default_ca_dir(os.environ, os.geteuid())
    return folder.absolute()
