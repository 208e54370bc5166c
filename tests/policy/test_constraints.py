from __future__ import annotations

from decimal import Decimal

import pytest

from sockguard.engine.operation import ParameterKind
from sockguard.engine.shape import Scalar, limit
from sockguard.policy.complaints import Complaints
from sockguard.policy.constraints import Constraint, read_constraint
from sockguard.policy.model import Source
from sockguard.policy.tree import Entry, Node
from sockguard.policy.values import Subject

PLACE = Source("policy.yaml", 7)
TEXT, INTEGER, BOOLEAN = ParameterKind.TEXT, ParameterKind.INTEGER, ParameterKind.BOOLEAN
TEXTS, FILTERS, JSON = ParameterKind.TEXTS, ParameterKind.FILTERS, ParameterKind.JSON


def node(value: object) -> Node:
    if isinstance(value, dict):
        return Node(PLACE, {key: Entry(PLACE, node(item)) for key, item in value.items()})
    if isinstance(value, list):
        return Node(PLACE, tuple(map(node, value)))
    return Node(PLACE, value)  # type: ignore[arg-type]


def read(value: object, kind: ParameterKind, *, unlimited: bool = False) -> Constraint:
    complaints = Complaints()
    constraint = read_constraint(node(value), Subject("it", kind, unlimited), complaints)
    complaints.raise_any()
    return constraint


def complaint(value: object, kind: ParameterKind) -> str:
    complaints = Complaints()
    constraint = read_constraint(node(value), Subject("it", kind), complaints)
    assert not constraint.holds("it")
    return "; ".join(one.message for one in complaints.found)


@pytest.mark.parametrize(
    ("constraint", "kind", "good", "bad"),
    [
        ("web", TEXT, ["web"], ["Web", "webs", 1, True, None]),
        (["a", "b"], TEXT, ["a", "b"], ["c"]),
        ("any", TEXT, ["", "x"], []),
        ({"equals": "any"}, TEXT, ["any"], ["x"]),
        ({"equals": "x"}, TEXT, ["x"], ["y"]),
        ({"one_of": ["a", "b"]}, TEXT, ["a"], ["c"]),
        ({"like": "a*"}, TEXT, ["ab"], ["ba", 5]),
        ({"like": ["a*", "b*"]}, TEXT, ["ab", "ba"], ["c"]),
        ({"under": "/srv"}, TEXT, ["/srv/x"], ["/srvx", "srv", 5]),
        ({"under": ["/srv", "/opt"]}, TEXT, ["/opt"], ["/"]),
        ({"like": "/srv/*", "under": "/srv/a"}, TEXT, ["/srv/a"], ["/srv/b", "/srv/a/b"]),
        (True, BOOLEAN, [True], [False, 1]),
        (5, INTEGER, [5], [6, True, "5"]),
        (1, INTEGER, [1], [True]),
        ({"at_most": 30}, INTEGER, [0, 30], [31, -1, True, "3"]),
        ({"at_most": -1}, INTEGER, [-1], [0, -2]),
        ({"at_least": 5}, INTEGER, [5], [4, -1]),
        ({"at_least": 1, "at_most": 3}, INTEGER, [1, 3], [0, 4]),
        ({"at_most": "8GiB"}, INTEGER, [8 * 1024**3], [8 * 1024**3 + 1]),
        ({"each": {"like": "a*"}}, TEXTS, [("ab",), ("a", "ab")], [("ab", "b"), (), "ab"]),
        ({"equals": ["a", "b"]}, TEXTS, [("a", "b")], [("b", "a"), ("a",)]),
        (
            {"equals": {"label": ["a", "b"]}},
            FILTERS,
            [{"label": frozenset("ba")}],
            [{"label": frozenset("a")}, {"label": frozenset("ab"), "x": frozenset()}],
        ),
        (
            {"keys": ["label", "status"]},
            FILTERS,
            [{"label": frozenset("a")}],
            [{"label": frozenset("a"), "id": frozenset("b")}, {}],
        ),
        (
            {"entries": {"label": {"each": {"like": "app=*"}}}},
            FILTERS,
            [{"label": frozenset({"app=1"})}, {"status": frozenset({"x"})}, {}],
            [{"label": frozenset({"app=1", "b"})}, {"label": frozenset()}],
        ),
        (
            {"entries": {"label": {"equals": ["a"], "required": True}}},
            FILTERS,
            [{"label": frozenset("a")}],
            [{}, {"status": frozenset("a")}],
        ),
        ({"values": {"each": "any"}}, FILTERS, [{"a": frozenset("b")}], [{"a": frozenset()}, {}]),
        ({"keys": {"like": "X_*"}}, JSON, [{"X_1": 5}], [{"Y": 1}, [1], "X_"]),
        ({"values": {"like": "a*"}}, JSON, [{"k": "ab"}], [{"k": 1}, {"k": "b"}]),
        ({"equals": [1, True]}, JSON, [[1, True]], [[True, 1], [1, 1]]),
        ({"fields": {"os": "linux"}}, JSON, [{"os": "linux"}, {}], [{"os": "windows"}]),
        ({"at_most": Decimal("1.5")}, JSON, [1, Decimal("1.5")], [2]),
    ],
)
def test_a_constraint_holds_for_what_it_says_and_nothing_else(
    constraint: object, kind: ParameterKind, good: list[object], bad: list[object]
) -> None:
    holds = read(constraint, kind).holds
    assert [value for value in good if not holds(value)] == []
    assert [value for value in bad if holds(value)] == []


@pytest.mark.parametrize(
    ("constraint", "kind", "says"),
    [
        (5, TEXT, "it takes text, not a number: quote it"),
        (True, TEXT, "it takes text, not true or false: quote it"),
        (None, TEXT, "it has an empty constraint; write any"),
        (1, BOOLEAN, "it takes true or false, not a number"),
        ("true", BOOLEAN, "it takes true or false, not text"),
        (True, INTEGER, "it takes a whole number, not true or false"),
        ("5", INTEGER, "it takes a whole number, not text"),
        (["a"], TEXTS, "write {equals: …} for the whole of it or {each: …} for its items"),
        (["a"], FILTERS, "{each: …}"),
        (["a"], JSON, "{each: …}"),
        ("a", TEXTS, "it takes a list of texts, not text"),
        ({}, TEXT, "it has an empty constraint; write any"),
        ({"lik": "a"}, TEXT, "'lik' is no constraint word (did you mean like?)"),
        ({"like": 5}, TEXT, "like takes a text or a list of texts"),
        ({"like": []}, TEXT, "like takes a text or a list of texts"),
        ({"like": "a"}, INTEGER, "it: like is not for a whole number"),
        ({"at_most": 5}, TEXT, "it: at_most is not for text"),
        (
            {"at_most": "lots"},
            INTEGER,
            "at_most takes a number or a size such as 512MiB or 8GiB, not 'lots'",
        ),
        ({"each": "a"}, TEXT, "it: each is not for text"),
        ({"one_of": []}, TEXT, "one_of takes a list of at least one value"),
        ({"one_of": "a"}, TEXT, "one_of takes a list"),
        ({"under": "srv"}, TEXT, "under takes absolute, clean paths, not 'srv'"),
        ({"under": "/srv", "writable": True}, TEXT, "writable belongs to the view host_paths"),
        ({"required": False}, TEXT, "required can only be true"),
        ({"always": 5}, TEXT, "it takes text, not a number: quote it"),
        ({"always": "a", "like": "b"}, TEXT, "the value of always fails the words beside it"),
        ({"entries": {"a": {"always": []}}}, FILTERS, "always replaces a whole parameter or field"),
        ({"entries": {}}, FILTERS, "entries and fields take a mapping"),
    ],
)
def test_what_a_constraint_cannot_mean_is_said(
    constraint: object, kind: ParameterKind, says: str
) -> None:
    assert says in complaint(constraint, kind)


def test_required_alone_takes_any_value_that_is_there() -> None:
    constraint = read({"required": True}, TEXT)
    assert constraint.required
    assert constraint.holds("x")


def test_a_bound_on_what_is_unlimited_when_absent_requires_a_value_above_zero() -> None:
    constraint = read({"at_most": 10}, INTEGER, unlimited=True)
    assert constraint.required
    assert [n for n in (-1, 0, 1, 10, 11) if constraint.holds(n)] == [1, 10]


def test_a_bound_within_a_document_holds_what_is_unlimited_there_too() -> None:
    complaints = Complaints()
    subject = Subject("ulimits", JSON, shape=[{"Soft": limit(Scalar.INTEGER)}])
    bound = node({"each": {"fields": {"Soft": {"at_most": 64}}}})
    constraint = read_constraint(bound, subject, complaints)
    complaints.raise_any()
    assert constraint.holds([{"Soft": 64}])
    assert not constraint.holds([{"Soft": -1}])
    assert not constraint.holds([{}])


def test_always_carries_the_value_in_the_form_of_a_query() -> None:
    assert read({"always": {"label": ["a"]}}, FILTERS).always == {"label": frozenset("a")}
    assert read({"always": ["a", "b"]}, TEXTS).always == ("a", "b")
    assert read({"always": False}, BOOLEAN).replaces


def test_a_constraint_keeps_its_text() -> None:
    assert read({"like": ["a*", "b"]}, TEXT).text == '{like: ["a*", b]}'
    assert read("no", TEXT).text == "no"
    assert read("true", TEXT).text == '"true"'
