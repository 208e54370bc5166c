"""What an answer's reader gets to see: masked values hidden, dropped ones gone, kept ones kept.

Must never let a masked value through because it has another type or spelling than documented.

A plan is a tree of functions, one for each place at which something happens; all else is passed by
without a look. Of several responses the union is shown: a value that one shows in full, else one
that some show masked, else none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from sockguard.engine.answer import Form, Map, Mask, Masked, masks
from sockguard.engine.shape import below, fold
from sockguard.policy.globs import compile_glob
from sockguard.policy.mask import HIDE, SUBJECT, conceal, hide_text
from sockguard.policy.response import Response
from sockguard.wire.elements import document_steps, list_steps, wrapped_steps

if TYPE_CHECKING:
    from collections.abc import Generator

    from sockguard.engine.answer import Answer, AnswerShape
    from sockguard.policy.response import Reveal

Step: TypeAlias = Callable[[object, set[str]], object]
"""From a value to what is shown of it; paths of what it hides are added to the set."""
Shown: TypeAlias = Callable[[str], bool]
"""Whether a glob of the policy reveals the value that this text stands for."""

GONE: Final = object()
"""What a step gives for a value that is left out."""
_LONGEST: Final = 4096  # of a text that globs look at: the time they take grows with it


@dataclass(frozen=True, slots=True)
class Plan:
    """How an answer is treated; `step` is None where all of it is shown as it is."""

    step: Step | None


@dataclass(frozen=True, slots=True)
class Redacted:
    """What is shown of one document or element, and at which places something was masked."""

    element: object
    masked: frozenset[str]


_NOTHING: Final[frozenset[str]] = frozenset()


def redact(plan: Plan, element: object) -> Redacted:
    """Apply a plan to one document, or to one element of a list; the input stays as it is."""
    if plan.step is None:
        return Redacted(element, _NOTHING)
    masked: set[str] = set()
    shown = plan.step(element, masked)
    return Redacted(shown, frozenset(masked))


def redact_list_steps(
    data: bytes, answer: Answer, treat: Callable[[object], object | None]
) -> Generator[None, None, bytes]:
    """Treat a whole body: each element of a list, a document, or one event of a stream.

    Pauses after each element and returns the new body. What `treat` gives None for is left out; of
    a document or an event nothing remains then, b"". Malformed says that the body is not exactly
    what the answer should be.
    """
    if answer.form is Form.LIST:
        return list_steps(data, treat)
    if answer.form is Form.WRAPPED:
        return wrapped_steps(data, answer.wrapper, treat)
    return document_steps(data, treat)


@lru_cache(maxsize=256)  # 0.7 milliseconds for a container's inspect, if made anew each time
def plan_of(answer: Answer, responses: tuple[Response, ...]) -> Plan:
    """Make the plan for what these responses show together; none at all show what is plain."""
    views = [_View(response, kept=not response.keep) for response in responses or (Response(),)]
    return Plan(_step(answer.shape, "", [view.reveals("") for view in views]))


@dataclass(frozen=True, slots=True)
class _View:
    """How one response sees a place: what its words on this place or one around it amount to."""

    response: Response
    kept: bool
    dropped: bool = False
    whole: bool = False
    globs: tuple[str, ...] = ()

    def reveals(self, path: str) -> _View:
        reveal: Reveal | None = self.response.reveal.get(path)
        return _View(
            self.response,
            self.kept or path in self.response.keep,
            self.dropped or path in self.response.drop,
            self.whole or self.response.any or (reveal is not None and reveal.any),
            self.globs + (reveal.globs if reveal is not None else ()),
        )

    def enters(self, path: str) -> _View | None:
        """See a field of the object that this view sees; None where the response hides it."""
        inside = self.reveals(path)
        if not inside.kept and not _names_within(path, self.response.keep):
            return None
        shows = inside.whole or inside.globs or _names_within(path, self.response.reveal)
        return inside if shows or not inside.dropped else None

    def past_a_map(self) -> _View:
        """See the values of a map, of which the globs have selected by key."""
        return _View(self.response, self.kept, self.dropped, self.whole)


def _names_within(path: str, names: Mapping[str, Reveal] | tuple[str, ...]) -> bool:
    return any(name.startswith((f"{path}.", f"{path}[")) for name in names)


def _step(shape: AnswerShape, path: str, views: list[_View]) -> Step | None:
    """Make the step for a place that at least one view sees; None where it is shown as it is."""
    if any(view.whole and view.kept for view in views):
        return None
    if isinstance(shape, list):
        inner = _step(shape[0], f"{path}[]", views)
        return None if inner is None else _each(inner, path)
    if isinstance(shape, Mapping):
        return _object(shape, path, views)
    # A field beside may have a longer name that begins with this one and a dot: os, os.version.
    seeing = [view for view in views if view.kept]
    removes = all(view.dropped for view in seeing)
    if isinstance(shape, Masked):
        return _masking(shape.mask, path, _selection(seeing), removes=removes)
    if isinstance(shape, Map):
        past = [view.past_a_map() for view in seeing if not view.dropped]
        inner = _step(shape.values, path, past) if past else _gone
        return None if inner is None else _by_key(inner, _selection(seeing), path)
    return _gone if removes else None


def _object(shape: Mapping[str, AnswerShape], path: str, views: list[_View]) -> Step | None:
    strangers = not any(view.kept and not view.dropped for view in views)
    steps: dict[str, Step | None] = {}
    for key, part in shape.items():
        place = below(path, key)
        seen = [inside for view in views if (inside := view.enters(place)) is not None]
        steps[key] = _step(part, place, seen) if seen else _gone
    # With all its masked fields revealed one by one, another type in its place is still hidden.
    if not strangers and not any(steps.values()) and not masks(shape):
        return None
    return _fields(steps, path, _gone if strangers else None)


def _selection(views: list[_View]) -> Shown | None:
    """Say which keys, names or texts any of the views reveals; None where none does."""
    globs = {glob for view in views for glob in view.globs}
    if not globs:
        return None
    words = frozenset(glob for glob in globs if "*" not in glob)
    patterns = tuple(compile_glob(glob) for glob in globs - words)

    def shown(text: str) -> bool:
        if text in words:
            return True
        return len(text) <= _LONGEST and any(matches(text) for matches in patterns)

    return shown


def _gone(_value: object, _masked: set[str]) -> object:
    return GONE


def _fields(steps: dict[str, Step | None], path: str, stranger: Step | None) -> Step:
    """Treat the fields of an object, found as a reader written in Go would find them."""
    folded = {fold(key): step for key, step in steps.items()}

    def unknown(key: str) -> Step | None:
        return folded.get(fold(key), stranger)

    def step(value: object, masked: set[str]) -> object:
        if not isinstance(value, dict):
            return _strange(value, path, masked)
        shown = value.copy()
        for key, one in value.items():
            treat = steps[key] if key in steps else unknown(key)
            if treat is None:
                continue
            inside = treat(one, masked)
            if inside is GONE:
                del shown[key]
            else:
                shown[key] = inside
        return shown

    return step


def _each(inner: Step, path: str) -> Step:
    """Treat the items of a list."""

    def step(value: object, masked: set[str]) -> object:
        if not isinstance(value, list):
            return _strange(value, path, masked)
        treated = [inner(item, masked) for item in value]
        return [item for item in treated if item is not GONE]

    return step


def _by_key(inner: Step, shown: Shown | None, path: str) -> Step:
    """Treat the values of a map but those whose keys a glob selects."""

    def step(value: object, masked: set[str]) -> object:
        if not isinstance(value, dict):
            return _strange(value, path, masked)
        found: set[str] = set()
        treated = {
            key: one if shown is not None and shown(key) else inner(one, found)
            for key, one in value.items()
        }
        if found:
            masked.add(path)
        return {key: one for key, one in treated.items() if one is not GONE}

    return step


def _strange(value: object, path: str, masked: set[str]) -> object:
    """Hide all of a value that is neither null nor what its place should hold."""
    hidden = conceal(value, hide_text)
    if hidden != value:
        masked.add(path)
    return hidden


def _masking(mask: Mask, path: str, shown: Shown | None, *, removes: bool) -> Step:
    """Hide or remove a masked value, whatever its type, but what the globs select of it."""
    if shown is None:
        return _gone if removes else _hiding(path, lambda value: conceal(value, HIDE[mask]))
    subject = SUBJECT[mask]

    def rest(value: object) -> object:
        return GONE if removes else conceal(value, HIDE[mask])

    def sift(value: object) -> object:
        if isinstance(value, str):
            return value if shown(subject(value)) else rest(value)
        if isinstance(value, list):
            return [item for one in value if (item := sift(one)) is not GONE]
        if isinstance(value, dict):
            sifted = {key: one if shown(key) else rest(one) for key, one in value.items()}
            return {key: one for key, one in sifted.items() if one is not GONE}
        return rest(value)

    return _removing(sift) if removes else _hiding(path, sift)


def _hiding(path: str, treat: Callable[[object], object]) -> Step:
    def step(value: object, masked: set[str]) -> object:
        hidden = treat(value)
        if hidden != value:
            masked.add(path)
        return hidden

    return step


def _removing(treat: Callable[[object], object]) -> Step:
    def step(value: object, _masked: set[str]) -> object:
        return treat(value)

    return step
