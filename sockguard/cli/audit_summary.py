"""`sockguard audit summary`: what happened, in one page.

Must never leave out a refusal, be it that it was only counted.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sockguard.cli.audit_log import as_json, filter_of, opened
from sockguard.cli.say import put, say
from sockguard.review.summary_store import summarise
from sockguard.review.summary_text import lines_of

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the summary; return 0."""
    with opened(arguments) as (finder, _, _):
        found = summarise(finder, filter_of(arguments))
    if arguments.json:
        put(as_json(asdict(found)))
    else:
        say(lines_of(found))
    return 0
