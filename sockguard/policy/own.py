"""What a policy says of objects of one's own: `own_objects_only` and `also`.

Must never let a role reach objects that nobody's stamp can be on without its saying so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.sets import SETS
from sockguard.policy.model import Own
from sockguard.policy.objects import FILTERED, UNSHARED, kind_judged
from sockguard.policy.ownership import OWNABLE, STAMP
from sockguard.policy.tree import flag_of, list_of, mapping_of, refuse_unknown_keys, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Grant, Role
    from sockguard.policy.tree import Entry

KEYS = ("own_objects_only", "also")
ALSO_KEYS = ("networks", "volumes")

NOT_OWNABLE = {
    "containers.prune": f"an image can bear the label {STAMP}, and the Engine would go by that",
    "containers.commit": "images are shared by nature",
}
"""Operations on containers that cannot be kept to one's own, and why."""


def read_own(entries: Mapping[str, Entry], complaints: Complaints) -> Own | None:
    """Read both words of a role or a client; None where it has neither."""
    only, also = entries.get("own_objects_only"), entries.get("also")
    if only is None:
        if also is not None:
            complaints.add(also.source, "also stands beside own_objects_only: it widens that")
        return None
    parts = mapping_of(also.value, "also", complaints) if also else {}
    refuse_unknown_keys(parts, ALSO_KEYS, "also", complaints)
    return Own(
        flag_of(only.value, "own_objects_only", complaints),
        _names(parts.get("networks"), complaints),
        _names(parts.get("volumes"), complaints),
    )


def _names(entry: Entry | None, complaints: Complaints) -> frozenset[str]:
    if entry is None:
        return frozenset()
    items = list_of(entry.value, "a list of names in also", complaints)
    return frozenset(text_of(item, "a name in also", complaints) for item in items)


def check_ownable(role: Role, own: Own, complaints: Complaints) -> None:
    """Complain about what a role grants although nobody can own it."""
    if not own.only:
        return
    told: set[str] = set()
    for grants in role.grants.values():
        for grant in grants:
            why = "" if grant.shared else _why_not(grant)
            if why and grant.item not in told:
                told.add(grant.item)
                complaints.add(grant.source, why)


def _why_not(grant: Grant) -> str:
    """Say why the objects of a grant cannot be kept to one's own, "" where they can."""
    name = grant.operation
    if name in UNSHARED or name in FILTERED:
        return ""
    why = NOT_OWNABLE.get(name, "")
    if not why and kind_judged(name) in OWNABLE:
        return ""
    mend = f"if it may reach everybody's, say `- {name}: {{shared: true}}`"
    if grant.item in SETS:
        mend = f"list the operations of {grant.item} one by one, with `shared: true` where needed"
    return f"{name} cannot be kept to own objects: {why or 'they bear no stamp'}; {mend}"
