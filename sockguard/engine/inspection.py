"""Hold a JSON body against the fields the Engine knows: spelling, types, unknown and sensitive.

Must never judge a value: whether a field may have it is the policy's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from sockguard.engine.shape import (
    ANYTHING,
    BOOLEAN,
    NUMBER,
    TEXT,
    Alias,
    Field,
    Map,
    Misplaced,
    Scalar,
    Unread,
    bare,
    below,
    fold,
    is_absent,
)
from sockguard.engine.spelling import spellings_of
from sockguard.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Generator

    from sockguard.engine.shape import Shape
    from sockguard.engine.spelling import Spellings

Steps: TypeAlias = tuple[str, ...]
"""Where a value stands: names of fields, `[]` for an item of a list, `{key}` for one of a map."""
Inspecting: TypeAlias = "Generator[None, None, object]"

ITEM = "[]"

_INT64 = 1 << 63
_SLICE = 500  # values between two pauses: about 1 ms
MOST_VALUES = 10_000
"""Fields, entries and items of one document at most: a verdict on more would hold up others."""
_NOT_READ_HERE = (Unread, Misplaced)


@dataclass(frozen=True, slots=True)
class Part:
    """One sensitive part of a body that has a value; `field` says what it hands over."""

    steps: Steps
    field: Field

    @property
    def path(self) -> str:
        """Where it stands, in the catalogue's form: `HostConfig.Mounts[].Type`."""
        return spell_steps(self.steps)


@dataclass(frozen=True, slots=True)
class ShapeReport:
    """What an inspection found.

    `unknown` has the paths of unknown fields with a value, `dropped` those of fields left out
    (unknown and empty, or read by no Engine), in the catalogue's form (`HostConfig.Mounts[].Type`)
    and each once; `strange` says exactly where the unknown ones stand. `sensitive` has the parts
    that a policy must name, outer ones first. `document` is the body without what was dropped,
    fields in the order in which they came, `values` how many there are.
    """

    unknown: tuple[str, ...]
    dropped: tuple[str, ...]
    document: object
    sensitive: tuple[Part, ...] = ()
    strange: tuple[Steps, ...] = ()
    values: int = 0


@dataclass(slots=True)
class _Notes:
    """What is found on the way; mappings serve as sets that keep their order."""

    base: str
    strange: dict[Steps, None] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)
    sensitive: dict[Steps, Field] = field(default_factory=dict)
    seen: int = 0

    def pause_is_due(self) -> bool:
        """Count one more value."""
        self.seen += 1
        if self.seen > MOST_VALUES:
            what = self.base or "the body"
            raise Malformed(f"{what} holds more than {MOST_VALUES} values", status=413)
        return self.seen % _SLICE == 0

    def spell(self, steps: Steps) -> str:
        return spell_steps(steps, self.base)


def inspect_body(shape: Shape, document: object, path: str = "") -> ShapeReport:
    """Hold a decoded body against a shape; Malformed for misspelt keys and wrong types.

    `path` is where the document stands, if it is no body: the name of a query parameter.
    """
    steps = inspect_steps(shape, document, path)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            report: ShapeReport = end.value
            return report


def inspect_steps(
    shape: Shape, document: object, path: str = ""
) -> Generator[None, None, ShapeReport]:
    """Do the same in slices: yields now and then, so that others can run in between."""
    notes = _Notes(path)
    kept = yield from _inspect(shape, document, (), None, notes)
    parts = tuple(Part(steps, power) for steps, power in notes.sensitive.items())
    unknown = dict.fromkeys(map(notes.spell, notes.strange))
    dropped, strange = tuple(notes.dropped), tuple(notes.strange)
    return ShapeReport(tuple(unknown), dropped, kept, parts, strange, notes.seen)


def spell_steps(steps: Steps, base: str = "") -> str:
    """Write steps in the catalogue's form; the keys of maps are strangers' texts and left out."""
    path = base
    for step in steps:
        if step == ITEM:
            path += ITEM
        elif step.startswith("{"):
            path += "{}"
        else:
            path = below(path, step)
    return path


def _inspect(
    shape: Shape, value: object, steps: Steps, power: Field | None, notes: _Notes
) -> Inspecting:
    """Return what is kept of a value; `power` is the sensitive field that it stands within."""
    outer, inner = power, bare(shape)
    if value is None or isinstance(inner, Scalar):
        return _single(shape, value, steps, power, notes)
    power = _noted(shape, value, steps, power, notes)
    if isinstance(inner, list):
        return (yield from _list(inner[0], value, steps, power, notes))
    if isinstance(inner, Map):
        return (yield from _map(inner, value, steps, (outer, power), notes))
    if isinstance(inner, Mapping):
        return (yield from _object(inner, value, steps, power, notes))
    raise TypeError(f"{shape} stands for a field, not for a value")


def _noted(
    shape: Shape, value: object, steps: Steps, power: Field | None, notes: _Notes
) -> Field | None:
    """Note a value that a policy has to name; return the sensitive field that it stands within."""
    if isinstance(shape, Field):
        if shape.hands_over_with(value):
            power = shape
        by_entries = isinstance(shape.shape, Map) and shape.shape.plain_keys
    else:
        by_entries = isinstance(shape, Map) and shape.plain_keys
    if power is not None and not by_entries and not is_absent(shape, value):
        notes.sensitive.setdefault(steps, power)
    return power


def _single(
    shape: Shape, value: object, steps: Steps, power: Field | None, notes: _Notes
) -> object:
    """Do as `_inspect` with null, and with what has no parts of its own."""
    if power is not None or isinstance(shape, Field):
        _noted(shape, value, steps, power, notes)
    inner = bare(shape)
    if value is not None and isinstance(inner, Scalar) and not _fits(inner, value):
        raise _wrong_type(notes.spell(steps), inner.value)
    return value


def _fits(shape: Scalar, value: object) -> bool:
    if shape is ANYTHING:
        return True
    if shape is TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or shape is BOOLEAN:
        return isinstance(value, bool) and shape is BOOLEAN
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return shape is NUMBER and isinstance(value, Decimal)


def _list(
    inner: Shape, value: object, steps: Steps, power: Field | None, notes: _Notes
) -> Inspecting:
    if not isinstance(value, list):
        raise _wrong_type(notes.spell(steps), "a list")
    kept = []
    within = (*steps, ITEM)
    for item in value:
        if notes.pause_is_due():
            yield
        kept.append((yield from _inspect(inner, item, within, power, notes)))
    return kept


def _map(
    shape: Map,
    value: object,
    steps: Steps,
    powers: tuple[Field | None, Field | None],
    notes: _Notes,
) -> Inspecting:
    """Inspect the entries; `powers` are what the map stands within, and that or its own."""
    if not isinstance(value, dict):
        raise _wrong_type(notes.spell(steps), "an object")
    outer, own = powers
    kept = {}
    for key, item in value.items():
        if notes.pause_is_due():
            yield
        within = (*steps, "{" + key + "}")
        power = outer if key in shape.plain_keys else own
        if power is not None:  # that a key stands there counts, whatever its value
            notes.sensitive.setdefault(within, power)
        kept[key] = yield from _inspect(shape.values, item, within, power, notes)
    return kept


def _object(
    fields: Mapping[str, Shape], value: object, steps: Steps, power: Field | None, notes: _Notes
) -> Inspecting:
    if not isinstance(value, dict):
        raise _wrong_type(notes.spell(steps), "an object")
    kept: dict[str, object] = {}
    spellings = spellings_of(fields)
    met: set[str] = set()
    for key, item in value.items():
        if notes.pause_is_due():
            yield
        _check_spelling(spellings, key, met, steps, notes)
        name, shape = _look_up(fields, key)
        within = (*steps, name)
        if shape is None or isinstance(shape, _NOT_READ_HERE):
            if isinstance(shape, Unread):
                yield from _inspect(shape.shape, item, within, None, notes)
            if _is_left_out(shape, item, within, notes):
                notes.dropped[notes.spell(within)] = None
            else:
                notes.strange[within] = None
                kept[name] = item
        elif item is None or isinstance(bare(shape), Scalar):  # most are, and wait for nothing
            kept[name] = _single(shape, item, within, power, notes)
        else:
            kept[name] = yield from _inspect(shape, item, within, power, notes)
    return kept


def _look_up(fields: Mapping[str, Shape], key: str) -> tuple[str, Shape | None]:
    shape = fields.get(key)
    return (shape.name, fields[shape.name]) if isinstance(shape, Alias) else (key, shape)


def _is_left_out(shape: Shape | None, item: object, steps: Steps, notes: _Notes) -> bool:
    if isinstance(shape, Misplaced) and item:
        path = notes.spell(steps)
        raise Malformed(
            f"{path} stands at the wrong place: it belongs inside {shape.owner}", detail=path
        )
    return isinstance(shape, Unread) or (
        not item and (shape is None or isinstance(shape, Misplaced))
    )


def _check_spelling(
    spellings: Spellings, key: str, met: set[str], steps: Steps, notes: _Notes
) -> None:
    """Refuse what the Engine would take for a known key or for one that was already there.

    Its decoder compares keys without regard to case and lets the last one win, or merges both.
    """
    folded = spellings.folded.get(key)
    if folded is None:
        folded = fold(key)
        if folded in spellings.exact:
            path = notes.spell((*steps, spellings.exact[folded]))
            raise Malformed(f"a field is misspelt: {path} must be spelt exactly so", detail=path)
    if folded in met:
        path = notes.spell((*steps, key))
        raise Malformed(f"a field stands twice: {path}, in two spellings", detail=path)
    met.add(folded)


def _wrong_type(path: str, expected: str) -> Malformed:
    return Malformed(f"wrong type: {path or 'the body'} must be {expected}", detail=path)
