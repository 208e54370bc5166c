"""`sockguard audit ack`: mark what has been reviewed, as an event of the log itself.

Must never mark more than was asked for, nor what cannot be written down.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.audit.acknowledgment import Acknowledgment, check, write_said
from sockguard.cli.audit_log import as_json, filter_of, folder_of, opened
from sockguard.cli.audit_said import login, write_down
from sockguard.cli.say import UsageError, put, say
from sockguard.proxy.acknowledge import identity_of
from sockguard.review.filters import FilterError, parse_filter

if TYPE_CHECKING:
    import argparse

    from sockguard.review.filters import Filter


def run(arguments: argparse.Namespace) -> int:
    """Write the acknowledgment, through the server where one runs; return 0."""
    wanted, folder = _filter(arguments), folder_of(arguments)
    with opened(arguments) as (finder, _, _):
        last = finder.last_seq
    said = Acknowledgment(
        arguments.by or login(os.environ, os.getuid()),
        arguments.note,
        arguments.up_to or last,
        str(wanted),
        identity_of(folder),
    )
    check(said, last)
    told = write_down(arguments, folder, write_said(said), said.fields())
    if arguments.json:
        put(as_json(told))
    else:
        say([f"{said.fields()['text']} (event {told['id']})"])
    return 0


def _filter(arguments: argparse.Namespace) -> Filter:
    """Read the filter; of what was reviewed before there is nothing to say again."""
    wanted = replace(filter_of(arguments), unreviewed=False)
    if any(one.name == "open" for one in wanted.conditions):
        raise UsageError("open changes by itself: acknowledge by client, operation or group")
    try:
        if parse_filter(str(wanted), 0.0) == wanted:
            return wanted
    except FilterError:
        pass
    raise UsageError("this filter cannot be written down")
