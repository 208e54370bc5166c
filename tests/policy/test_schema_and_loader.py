"""What loads is valid: whatever the loader takes, the schema that editors use takes too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sockguard.engine.answer import places_of
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS
from sockguard.engine.shape import fields_of
from sockguard.engine.views.all import VIEWS
from sockguard.policy.conditions import FLAGS
from sockguard.policy.constraints import WORDS
from sockguard.policy.load import PolicyError, load_text
from sockguard.policy.schema import policy_schema
from tests.support.widest import granted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sockguard.engine.operation import Operation

VALIDATOR = Draft202012Validator(policy_schema())


def loads(document: object) -> bool:
    try:
        load_text(json.dumps(document))
    except PolicyError:
        return False
    return True


# --- constraints -----------------------------------------------------------------------------

TEXTS = st.sampled_from(
    [
        "any",
        "a",
        "",
        "*",
        "web-*",
        "**",
        "/srv",
        "/srv/a b",
        "8GiB",
        "0",
        "host",
        "ghcr.io/a/*",
        "é",
    ]
)
NUMBERS = st.sampled_from([-1, 0, 1, 5, 2**31, 2**63, 1.5])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())


def _worded(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    values = st.one_of(
        inner, st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)
    )
    words = st.sampled_from([*WORDS, "always", "required", "writable"])
    return st.one_of(
        inner,
        st.dictionaries(words, values, max_size=2),
        st.fixed_dictionaries({"required": st.just(True), "like": TEXTS}),
        st.fixed_dictionaries({"each": values}),
        st.fixed_dictionaries({"values": values}),
        st.fixed_dictionaries({"entries": st.dictionaries(TEXTS, values, max_size=2)}),
        st.fixed_dictionaries({"always": values}),
    )


CONSTRAINTS = st.recursive(st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), _worded, max_leaves=6)


# --- items -----------------------------------------------------------------------------------


def _below(names: Collection[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`any`, or a mapping of some of these names."""
    if not names:
        return st.just("any")
    some = st.dictionaries(st.sampled_from(sorted(names)), value, min_size=1, max_size=2)
    return st.one_of(st.just("any"), some, some)


def _paths(operation: Operation) -> list[str]:
    if operation.shape is None:
        return []
    return [path for path, _ in fields_of(operation.shape) if "[]" not in path and "{}" not in path]


def _responses(operation: Operation) -> st.SearchStrategy[Any]:
    if operation.answer is None:
        return st.just("any")
    places = sorted(path for path, _ in places_of(operation.answer.shape)) or ["Id"]
    lists = st.lists(st.sampled_from(places), max_size=2)
    shown = st.one_of(TEXTS, st.lists(TEXTS, max_size=2))
    words = st.fixed_dictionaries(
        {}, optional={"keep": lists, "drop": lists, "reveal": _below(places, shown)}
    )
    return st.one_of(st.just("any"), words, words)


VIEW_WORDS = ("like", "equals", "one_of", "at_least", "path", "under", "writable")
VIEW_TEXTS = st.sampled_from(
    [
        *("any", "bridge", "ghcr.io/a/b:1", "ghcr.io/a/*", "/srv/a", "/dev/null", "nvidia:all"),
        *(
            "pid=host",
            "8080",
            "127.0.0.1:80-90/tcp",
            "HUP",
            "CHOWN",
            "root",
            "*",
            "1000",
            "sha256:*",
        ),
    ]
)
VIEW_VALUES = st.recursive(
    st.one_of(VIEW_TEXTS, VIEW_TEXTS, st.sampled_from([0, 9, 80, 1000]), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(VIEW_WORDS), inner, max_size=2),
        st.fixed_dictionaries({"under": VIEW_TEXTS, "writable": st.booleans()}),
    ),
    max_leaves=4,
)
TARGETS = st.one_of(
    st.just("any"),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.one_of(TEXTS, st.lists(TEXTS, max_size=2)),
            "label": st.dictionaries(TEXTS, CONSTRAINTS, max_size=2),
        },
    ),
)


def _conditions(operation: Operation) -> st.SearchStrategy[Any]:
    parts: dict[str, st.SearchStrategy[Any]] = {
        "query": _below(operation.parameters, CONSTRAINTS),
        "body": _below(_paths(operation), CONSTRAINTS),
        "response": _responses(operation),
        "target": TARGETS,
        **dict.fromkeys(VIEWS, VIEW_VALUES),
        **dict.fromkeys(FLAGS, st.booleans()),
    }
    useful = [
        name for name in parts if name not in VIEWS or operation.name in VIEWS[name].operations
    ]
    chosen = st.lists(st.sampled_from(useful), min_size=1, max_size=2, unique=True)
    alone = chosen.flatmap(lambda names: st.fixed_dictionaries({n: parts[n] for n in names}))
    several = st.fixed_dictionaries({"any_of": st.lists(alone, max_size=2)}, optional=parts)
    return st.one_of(alone, alone, alone, several)


def _item(name: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.just(name), _conditions(OPERATIONS[name]).map(lambda conditions: {name: conditions})
    )


ITEMS = st.one_of(
    st.sampled_from(sorted(SETS)),
    st.sampled_from(["containers.create", "build.run", "services.create"]).flatmap(_item),
    st.sampled_from(granted()).flatmap(_item),
)


# --- files -----------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "web-1", "main", "A", "shipped/traefik", "b_c"])
IDS = st.sampled_from([0, 1000, 65534, 2**32 - 2, 2**32 - 1, -1, "1000"])
MANY_IDS = st.one_of(IDS, st.lists(IDS, max_size=2))
COUNTS = st.sampled_from([0, 1, 50, -1, "1", "4MiB", "0KiB", "1.5MiB", "9999999999999GiB"])
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.sampled_from(
            ["5/second", "50/minute", "0/second", "5/hour", "05/second", 5]
        ),
        "streams": COUNTS,
        "body": COUNTS,
    },
)
ALLOW = st.lists(st.sampled_from(["containers.list", "system/hello", "images.tag"]), max_size=2)
MODES = st.sampled_from(["enforce", "report", "audit"])
ALSO = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("networks", "volumes"), st.lists(TEXTS, max_size=2))
)
OWN: dict[str, st.SearchStrategy[Any]] = {"own_objects_only": st.booleans(), "also": ALSO}
TERMS: dict[str, st.SearchStrategy[Any]] = {"mode": MODES, "limits": LIMITS}
SOCKETS = st.one_of(
    st.sampled_from(["main", "other"]),
    st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["0660", "660", "0o660", "0999", "07777", 660]),
            "uid": IDS,
            "gid": IDS,
        },
    ),
)
MATCHES = st.fixed_dictionaries({}, optional={"uid": MANY_IDS, "gid": MANY_IDS})
CLIENTS = st.one_of(
    st.fixed_dictionaries(
        {"allow": ALLOW}, optional={"match": MATCHES, "socket": SOCKETS, **TERMS, **OWN}
    ),
    st.fixed_dictionaries({"role": NAMES}, optional={"match": MATCHES, "socket": SOCKETS, **TERMS}),
)
ROLES = st.fixed_dictionaries({"allow": ALLOW}, optional={**TERMS, **OWN})
CASES = st.fixed_dictionaries(
    {
        "do": st.sampled_from(
            ["GET /_ping", "POST /containers/create", "get /_ping", "GET x", "GET"]
        ),
        "then": st.sampled_from(["allow", "deny", "deny", "maybe"]),
    },
    optional={
        "as": st.sampled_from(["a", "main"]),
        "role": st.sampled_from(["a", "b"]),
        "body": st.one_of(SCALARS, st.dictionaries(TEXTS, SCALARS, max_size=1)),
        "because": st.sampled_from(["not_granted", "body", "Image", "HostConfig.Privileged", ""]),
        "given": st.dictionaries(
            st.sampled_from(["container", "image", "volume", "network", "exec", "x"]),
            st.one_of(
                st.sampled_from([None, "none"]),
                st.fixed_dictionaries(
                    {},
                    optional={"name": TEXTS, "labels": st.dictionaries(TEXTS, TEXTS, max_size=1)},
                ),
            ),
            max_size=1,
        ),
    },
)
FILES = st.one_of(
    st.fixed_dictionaries(
        {"version": st.just(1), "allow": ALLOW},
        optional={**TERMS, "expect": st.lists(CASES, max_size=1)},
    ),
    st.fixed_dictionaries(
        {"version": st.sampled_from([1, 1, 1, 2, "1"])},
        optional={
            "clients": st.dictionaries(NAMES, CLIENTS, max_size=2),
            "roles": st.dictionaries(NAMES, ROLES, max_size=2),
            "expect": st.lists(CASES, max_size=1),
        },
    ),
)


# --- what holds ------------------------------------------------------------------------------


def _hold(
    documents: st.SearchStrategy[Any], wrap: Callable[[Any], Any], examples: int
) -> list[Any]:
    """Try documents that may load, and return those that do."""
    taken: list[Any] = []

    @settings(max_examples=examples, deadline=None)
    @given(documents)
    def what_loads_is_valid(part: Any) -> None:
        document = wrap(part)
        if loads(document):
            taken.append(document)
            assert [one.message for one in VALIDATOR.iter_errors(document)] == []

    what_loads_is_valid()
    return taken


def test_an_item_that_loads_is_valid() -> None:
    taken = _hold(ITEMS, lambda item: {"version": 1, "allow": [item]}, 600)
    worded = [one for one in taken if isinstance(one["allow"][0], dict)]
    assert len(worded) > 20


def test_a_file_that_loads_is_valid() -> None:
    taken = _hold(FILES, lambda document: document, 300)
    assert len([one for one in taken if len(one) > 1]) > 20
