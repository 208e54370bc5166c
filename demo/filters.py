"""What the `filters` of a list mean, whatever is listed.

Must never know what it filters: each list brings its own tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.call import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tests = Mapping[str, Callable[[str], bool]]


def passes(tests: Tests, filters: Mapping[str, list[str]]) -> bool:
    """Whether one value of each filter holds, and of labels every value; EngineError 400."""
    unknown = set(filters) - set(tests)
    if unknown:
        raise EngineError(400, f"invalid filter '{min(unknown)}'")
    return all(
        (all if name.startswith("label") else any)(map(tests[name], values))
        for name, values in filters.items()
        if values
    )


def has_label(labels: Mapping[str, str], value: str) -> bool:
    """Whether `key` is present, or `key=value` holds."""
    key, equals, wanted = value.partition("=")
    return key in labels and (not equals or labels[key] == wanted)
