"""What the sensitive fields that a grant names amount to, by the values that they may have.

Must never count a field for less than it hands over unless its constraint proves that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.inspection import ITEM
from sockguard.engine.level import Level
from sockguard.engine.shape import is_absent
from sockguard.policy.cause import Cause, told
from sockguard.policy.named import constraint_on, named_fields, sensitive_fields
from sockguard.policy.risks_of_paths import Found
from sockguard.policy.risks_of_views import PLAIN_CAPABILITIES, patterns_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.named import NamedField


def field_causes(client: Client, grant: Grant) -> Iterator[Cause]:
    """Yield what the fields amount to that a grant names by `body`, and the volumes it mounts."""
    named = list(named_fields(grant))
    if grant.body_any and named:
        worst = max(named, key=lambda one: one.field.level)
        says = f"body: any lets all of it pass, {worst.path} too: {worst.field.hands_over}"
        yield Cause(worst.field.level, grant.source, grant.operation, says)
        return
    for one in named:
        found = weigh_field(grant, one)
        if found.level > Level.NOTHING:
            text = one.constraint.text if one.constraint else "any"
            says = told(one.path, text, found.says)
            yield Cause(found.level, grant.source, grant.operation, says)
    if client.own.volumes and _mounting(grant):
        also = ", ".join(sorted(client.own.volumes))
        says = f"also: Mounts volumes that others made ({also}), and changes what is in them."
        yield Cause(Level.CODE, grant.source, grant.operation, says)
    if _mounts_any_volume(client, grant):
        yield Cause(Level.ROOT, grant.source, grant.operation, f"host_paths: {_VOLUMES}")


def level_of(grant: Grant, named: NamedField) -> Level:
    """Weigh a sensitive field: NOTHING where it hands over no more than the operation itself."""
    return weigh_field(grant, named).level


def weigh_field(grant: Grant, named: NamedField) -> Found:
    """Weigh a sensitive field by its constraint: by the values that it may have, where these show.

    Where the grant names `host_paths` too, that judges paths and what volumes stand for.
    """
    constraint, part = named.constraint, named.field
    whole = Found(part.level, part.hands_over)
    if constraint is None:
        return whole
    if constraint.exact is not None and not any(
        part.hands_over_with(value) and not is_absent(part, value) for value in constraint.exact
    ):
        return Found(Level.NOTHING, "")
    weigh = _WEIGHED.get(named.steps[-1])
    proven = weigh(constraint, "host_paths" in grant.views) if weigh else None
    return whole if proven is None or proven.level > part.level else proven


# --- capabilities ----------------------------------------------------------------------------


def _capabilities(constraint: Constraint, _: object) -> Found | None:
    lists = constraint.exact
    if lists is None and constraint.item is not None and constraint.item.exact is not None:
        lists = (list(constraint.item.exact),)
    if lists is None:
        return None
    names = [name for one in lists for name in (one if isinstance(one, list) else [one])]
    plain = all(
        isinstance(name, str) and name.upper().removeprefix("CAP_") in PLAIN_CAPABILITIES
        for name in names
    )
    return (
        Found(Level.CODE, "Gives capabilities that stay within the container.") if plain else None
    )


# --- mounts ----------------------------------------------------------------------------------

_VOLUMES = (
    "Mounts any volume that is there, also one in which a more powerful container keeps its"
    " programs or settings. Names of volumes under body (Binds, Mounts) limit it, as does"
    " own_objects_only."
)
_SOME_VOLUMES = Found(Level.CODE, "Mounts volumes of these names, and changes what is in them.")
_JUDGED = Found(Level.CODE, "Mounts what host_paths admits.")
_DRIVER = (ITEM, "VolumeOptions", "DriverConfig")
_VOLUME_KINDS, _JUDGED_KINDS = frozenset({"volume", "tmpfs"}), frozenset({"bind"})
_LISTING = ("like", "one_of", "equals")
_MOUNTING = ("Binds", "Mounts")


def _binds(constraint: Constraint, judged: bool) -> Found | None:
    if judged:
        return _JUDGED
    patterns = _patterns(constraint.exact or constraint.item)
    return _SOME_VOLUMES if patterns and all(map(_names_volumes, patterns)) else None


def _mounts(constraint: Constraint, judged: bool) -> Found | None:
    """Count mounts for what is in them where all have a judged path or none, and no driver."""
    kind = _part(constraint, "Type")
    kinds = set(kind.exact or ()) if kind is not None else set()
    known = _VOLUME_KINDS | _JUDGED_KINDS if judged else _VOLUME_KINDS
    if not kinds or not kinds <= known or constraint.cover.admits(_DRIVER):
        return None
    if judged:
        return _JUDGED
    return _SOME_VOLUMES if _limits_sources(constraint, kinds) else None


def _part(constraint: Constraint, name: str) -> Constraint | None:
    return constraint.item.parts.get(name) if constraint.item else None


def _limits_sources(constraint: Constraint, kinds: set[object]) -> bool:
    patterns = _patterns(_part(constraint, "Source"))
    return "volume" not in kinds or bool(patterns and all(map(_begins_as_a_name, patterns)))


def _patterns(said: Constraint | tuple[object, ...] | None) -> list[str]:
    """List texts and globs, one of which each value is; empty where that cannot be told."""
    if isinstance(said, tuple):
        values = [value for one in said for value in (one if isinstance(one, list) else [one])]
        return [value if isinstance(value, str) else "*" for value in values]
    if said is None:
        return []
    if said.exact is not None:
        return _patterns(said.exact)
    listing = said.text.startswith(tuple(f"{{{word}: " for word in _LISTING))
    return patterns_in(said.text) if listing else []


def _names_volumes(pattern: str) -> bool:
    return _begins_as_a_name(pattern) and not pattern.startswith("/")


def _begins_as_a_name(pattern: str) -> bool:
    """Tell whether what a pattern matches begins with a letter that the policy wrote."""
    return pattern[:1] == "/" or pattern[:1].isalnum()


def _mounting(grant: Grant) -> list[NamedField]:
    """List the fields by which a grant mounts volumes that are there, by `body` or by the view."""
    by_view = "host_paths" in grant.views
    found = sensitive_fields(grant.operation) if by_view else named_fields(grant)
    return [one for one in found if one.steps[-1] in _MOUNTING]


def _mounts_any_volume(client: Client, grant: Grant) -> bool:
    """Tell whether nothing but `host_paths` limits which volumes a container has.

    That view judges paths, and volumes by what they stand for.
    """
    kept = client.own.only and not grant.shared
    if "host_paths" not in grant.views or kept:
        return False
    return not all(
        _limits_volumes(one.steps[-1], constraint_on(one.steps, grant.body))
        for one in _mounting(grant)
    )


def _limits_volumes(field: str, constraint: Constraint | None) -> bool:
    if constraint is None:
        return False
    if field == "Binds":
        patterns = _patterns(constraint.exact or constraint.item)
        is_none = constraint.exact is not None and not patterns
        return is_none or bool(patterns and all(map(_begins_as_a_name, patterns)))
    if constraint.exact is not None:
        return not any(constraint.exact)
    kind = _part(constraint, "Type")
    kinds = set(kind.exact or ()) if kind is not None else set()
    return bool(kinds) and _limits_sources(constraint, kinds)


_WEIGHED: Mapping[str, Callable[[Constraint, bool], Found | None]] = {
    "CapAdd": _capabilities,
    "Capabilities": _capabilities,
    "CapabilityAdd": _capabilities,
    "Binds": _binds,
    "Mounts": _mounts,
}
"""Fields whose constraint can prove more than which whole values they have."""
