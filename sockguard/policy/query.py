"""A query as the Engine will understand it: judged values and canonical pairs.

Must never let a value through that the Engine could read differently from what was judged.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from sockguard.engine.inspection import inspect_body
from sockguard.engine.names import IN_QUERY
from sockguard.engine.operation import ParameterKind
from sockguard.engine.shape import ANYTHING, sensitive
from sockguard.errors import Malformed
from sockguard.policy.filters import FILTERS_OF_WRITES, judged_filters, without_empty
from sockguard.policy.question import NO_QUERY, Query
from sockguard.wire.document import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sockguard.engine.inspection import Part
    from sockguard.engine.operation import Operation, Parameter
    from sockguard.engine.shape import Shape
    from sockguard.policy.question import QueryValue
    from sockguard.wire.document import Value

Pairs = tuple[tuple[str, str], ...]

LONGEST_NAME = 64
"""Letters of a name that a stranger chose, as messages and events repeat it."""

FALSE_WORDS = frozenset({"", "0", "no", "false", "none"})
"""What `httputils.BoolValue` takes for false, trimmed and in lower case; all else is true."""

PARSE_BOOL = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("", "0", "f", "F", "FALSE", "false", "False"), False),
}
"""Go's strconv.ParseBool; an empty value is skipped by every handler that calls it."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,20}", re.ASCII)
_LEAST, _MOST = -(2**63), 2**63 - 1  # Go's strconv.ParseInt, whose failure some take for 0


def read_query(operation: Operation, pairs: Sequence[tuple[str, str]]) -> Query:
    """Decode the pairs of a query string for one operation.

    Values that are proven equal to absence (empty text, `{}` as filters, null) are forwarded but
    not judged. Raises Malformed for a scalar given twice, a variant of a known name, a name that
    no object can have, or a value that the Engine could not read or would read as something else.
    """
    if not pairs:
        return NO_QUERY
    values: dict[str, QueryValue] = {}
    forwarded: list[tuple[str, str]] = []
    dropped: list[str] = []
    unknown: list[str] = []
    within: dict[str, tuple[str, ...]] = {}
    parts: dict[str, tuple[Part, ...]] = {}
    grouped = _grouped(pairs)
    for name, texts in grouped.items():
        parameter = operation.parameters.get(name)
        if parameter is not None and not parameter.dropped:
            read = _READERS[parameter.kind](operation, parameter, texts)
            forwarded.extend((name, text) for text in read.texts)
            dropped.extend(read.dropped)
            if read.value is not None:
                values[name] = read.value
            if read.unknown:
                within[name] = read.unknown
            if read.parts:
                parts[name] = read.parts
        elif _is_idle(operation, name, grouped):
            dropped.append(cut(name))
        else:
            unknown.append(cut(name))
            forwarded.extend((name, text) for text in texts)
    return Query(values, tuple(forwarded), tuple(dropped), tuple(unknown), within, parts)


def _is_idle(operation: Operation, name: str, grouped: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a parameter that is not judged says nothing to an Engine.

    docker-java sends `registry` beside `fromImage`: idle only where both name the same host.
    """
    if name not in operation.parameters:
        _refuse_variant(operation, name)
        return not operation.writes
    hosts = [text for text in grouped[name] if text] if name == "registry" else []
    images = grouped.get("fromImage", ())
    return all(image.startswith(f"{host}/") for image in images for host in hosts)


def spell_pairs(parameter: Parameter, value: object) -> Pairs:
    """Spell a value of the policy's, in the form of `Query.values`, as canonical pairs."""
    if isinstance(value, bool):
        return ((parameter.name, "1" if value else "0"),)
    if isinstance(value, int | str):
        return ((parameter.name, str(value)),)
    if isinstance(value, tuple) and parameter.kind is ParameterKind.TEXTS:
        return tuple((parameter.name, text) for text in value)
    if isinstance(value, dict) and parameter.kind is ParameterKind.FILTERS:
        value = {name: sorted(texts) for name, texts in value.items()}
    return ((parameter.name, encode(cast("Value", value)).decode()),)


def cut(name: str) -> str:
    """Shorten a name that a stranger chose."""
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, text in pairs:
        grouped.setdefault(name, []).append(text)
    return grouped


@cache
def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _refuse_variant(operation: Operation, name: str) -> None:
    """Refuse U+017F and U+212A for s and k as well: Podman's decoder folds them."""
    if name.casefold() in _folded(frozenset(operation.parameters)):
        raise Malformed(f"query parameter {name!r} is a variant of a known name", detail=name)


# --- one reader per kind -----------------------------------------------------------------------


class _Read(NamedTuple):
    """A judged value, None where it equals absence, and the texts to forward.

    `unknown` and `dropped` are paths of fields within a JSON value, `parts` those of a sensitive
    one that a policy must name.
    """

    value: QueryValue | None
    texts: Sequence[str]
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


def _single(parameter: Parameter, texts: Sequence[str]) -> str:
    if len(texts) > 1:
        raise Malformed(
            f"query parameter {parameter.name} is given {len(texts)} times", detail=parameter.name
        )
    return texts[0]


def _bad(parameter: Parameter, what: str) -> Malformed:
    return Malformed(f"query parameter {parameter.name} is not {what}", detail=parameter.name)


def _text(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    text = _single(parameter, texts)
    if text in parameter.absent:
        return _Read(None, texts)
    _check_names(parameter, texts)
    return _Read(text, texts)


def _integer(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    text = _single(parameter, texts)
    if not text:
        return _Read(None, texts)
    if not _INTEGER.fullmatch(text) or not _LEAST <= int(text) <= _MOST:
        raise _bad(parameter, "a whole number")
    return _Read(int(text), texts)


def _boolean(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    text = _single(parameter, texts)
    if not text and parameter.on_by_default:
        return _Read(None, ())
    value = text.strip().lower() not in FALSE_WORDS
    return _Read(value, ("1" if value else "0",))


def _strict_boolean(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    value = PARSE_BOOL.get(_single(parameter, texts))
    if value is None:
        raise _bad(parameter, "true or false")
    return _Read(value, ("1" if value else "0",))


def _texts(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    _check_names(parameter, texts)
    return _Read(tuple(texts) if any(texts) else None, texts)


def _check_names(parameter: Parameter, texts: Sequence[str]) -> None:
    """Hold what names an object against the same characters as in a path."""
    if parameter.names and not all(IN_QUERY[parameter.names](text) for text in texts if text):
        raise Malformed(
            f"query parameter {parameter.name} holds a name that no {parameter.names} can have",
            detail=parameter.name,
        )


def _json(_: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    text = _single(parameter, texts)
    if not text:
        return _Read(None, texts)
    shape: Shape = ANYTHING if parameter.shape is None else parameter.shape
    if parameter.sensitive:
        shape = sensitive(shape, parameter.hands_over)
    report = inspect_body(shape, _decoded(parameter, text), parameter.name)
    canonical = encode(cast("Value", report.document)).decode()
    judged = cast("QueryValue", report.document)  # a JSON value is judged by words for JSON
    value = None if canonical in parameter.absent else judged
    return _Read(value, (canonical,), report.unknown, report.dropped, report.sensitive)


def _filters(operation: Operation, parameter: Parameter, texts: Sequence[str]) -> _Read:
    text = _single(parameter, texts)
    if not text:
        return _Read(None, texts)
    document = _decoded(parameter, text)
    judged = judged_filters(document)
    if judged is None:
        raise _bad(parameter, "a JSON map of names to lists, or to maps of booleans")
    known = FILTERS_OF_WRITES.get(operation.name, judged)
    for name in judged:
        if name not in known:
            raise Malformed(
                f"{operation.name} knows no filter {cut(name)!r}", detail=parameter.name
            )
    sent = without_empty(document) if operation.writes else document
    return _Read(judged or None, (encode(sent).decode(),))


def _decoded(parameter: Parameter, text: str) -> Value:
    try:
        return decode(text.encode())
    except (Malformed, UnicodeEncodeError) as error:
        raise _bad(parameter, f"JSON that the Engine reads in one way only: {error}") from error


_READERS: Mapping[ParameterKind, Callable[[Operation, Parameter, Sequence[str]], _Read]] = {
    ParameterKind.TEXT: _text,
    ParameterKind.INTEGER: _integer,
    ParameterKind.BOOLEAN: _boolean,
    ParameterKind.STRICT_BOOLEAN: _strict_boolean,
    ParameterKind.TEXTS: _texts,
    ParameterKind.FILTERS: _filters,
    ParameterKind.JSON: _json,
}
