"""`python -m recording`: runs the session anew and writes it as docs/recording.cast and .svg."""

from __future__ import annotations

from recording.cast import cast, scenes
from recording.drawing import svg
from recording.session import ROOT, record


def main() -> None:
    """Record, and write both files."""
    shown = tuple(scenes(record()))
    (ROOT / "docs/recording.cast").write_text(cast(shown), encoding="utf-8")
    (ROOT / "docs/recording.svg").write_text(svg(shown), encoding="utf-8")


if __name__ == "__main__":
    main()
