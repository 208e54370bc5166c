"""`sockguard completion`: a script that completes verbs and flags in bash or zsh.

Must never know a verb itself: all words come from the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

# Which verb it is about is found by walking the words before the cursor. Flags are offered to
# what begins with a dash, and file names where no word fits.
_BODY = """\
_sockguard() {{
  local at=sockguard now={now} word verbs flags
  for word in {before}; do
    case "$at $word" in
      {known}) at="$at $word";;
    esac
  done
  case "$at" in
{words}
  esac
  case "$now" in -*) verbs="$flags";; esac
  {offer}
}}
{hook}"""
_SHELLS = {
    "bash": {
        "now": '"${COMP_WORDS[COMP_CWORD]}"',
        "before": '"${COMP_WORDS[@]:1:COMP_CWORD-1}"',
        "offer": 'COMPREPLY=($(compgen -W "$verbs" -- "$now"))',
        "hook": "complete -o default -F _sockguard sockguard",
    },
    "zsh": {
        "now": '"$PREFIX"',
        "before": '"${(@)words[2,CURRENT-1]}"',
        "offer": "compadd -- ${=verbs} || _files",
        "hook": "compdef _sockguard sockguard",
    },
}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb; the script holds what the parser knows when it is asked for."""
    parser = commands.add_parser("completion", help="print a script that completes commands")
    parser.add_argument(
        "shell", choices=tuple(_SHELLS), help='as in: eval "$(sockguard completion bash)"'
    )

    def run(arguments: argparse.Namespace) -> int:
        print(script(arguments.shell, commands.choices))
        return 0

    parser.set_defaults(run=run)


def script(shell: str, verbs: dict[str, argparse.ArgumentParser]) -> str:
    """Return the script for a shell, bash or zsh."""
    rows = [("sockguard", [*verbs], ["--help", "--version"]), *_rows("sockguard", verbs)]
    words = (f'    "{at}") verbs="{" ".join(v)}" flags="{" ".join(f)}";;' for at, v, f in rows)
    known = "|".join(f'"{at}"' for at, _, _ in rows)
    return _BODY.format(known=known, words="\n".join(words), **_SHELLS[shell])


def _rows(
    before: str, verbs: dict[str, argparse.ArgumentParser]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each command with the verbs and the flags that may follow it."""
    for name, parser in verbs.items():
        actions = parser._actions  # noqa: SLF001  # argparse shows its tree in no other way
        flags = [flag for action in actions for flag in action.option_strings if flag[:2] == "--"]
        choices = [one.choices for one in actions if one.choices and not one.option_strings]
        yield f"{before} {name}", [word for table in choices for word in table], flags
        for table in choices:
            if isinstance(table, dict):
                yield from _rows(f"{before} {name}", table)
