from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.catalogue.columns import (
    document,
    flag,
    integer,
    limit,
    parameters,
    sensitive,
    text,
)
from sockguard.engine.level import Level
from sockguard.engine.operation import Parameter
from sockguard.engine.shape import TEXT, Map


def test_a_parameter_is_sensitive_if_it_hands_something_over() -> None:
    assert sensitive(flag("stdin"), "Lets the client type.").sensitive
    assert not flag("stdout").sensitive


def test_a_parameter_that_is_marked_keeps_the_rest_and_gets_its_level() -> None:
    parameter = sensitive(text("rollback", absent="none"), "Sentence.", Level.CODE)
    assert parameter.absent == {"", "none"}
    assert (parameter.hands_over, parameter.level) == ("Sentence.", Level.CODE)


def test_a_limit_is_a_number_whose_absence_means_that_there_is_none() -> None:
    assert limit("memory").unlimited
    assert limit("memory").kind is integer("h").kind
    assert not integer("h").unlimited


def test_a_parameter_that_stands_twice_is_a_fault_of_the_table() -> None:
    with pytest.raises(ValueError, match="twice"):
        parameters(integer("h"), text("h"))


def test_an_empty_value_is_an_absent_one() -> None:
    assert text("a").absent == {""}
    assert text("a", absent="default").absent == {"", "default"}
    assert document("a", Map(TEXT), absent="{}").absent == {"", "{}", "null"}


@pytest.mark.parametrize(
    ("operation", "parameter", "absent"),
    [
        ("build.run", "networkmode", "default"),
        ("build.run", "cachefrom", "[]"),
        ("build.run", "buildargs", "{}"),
        ("containers.top", "ps_args", "-ef"),
        ("images.import", "fromSrc", "-"),
        ("build.run", "ulimits", "null"),
        ("build.run", "isolation", "default"),
        ("services.update", "registryAuthFrom", "spec"),
    ],
)
def test_what_every_client_sends_by_default_is_taken_for_absent(
    operation: str, parameter: str, absent: str
) -> None:
    assert absent in OPERATIONS[operation].parameters[parameter].absent


def test_what_no_engine_reads_is_never_sensitive() -> None:
    everything = [p for o in OPERATIONS.values() for p in o.parameters.values()]
    unread = [p for p in everything if p.dropped]
    assert {p.name for p in unread} == {"trunc_cmd", "only_ids", "registry"}
    assert unread
    assert all(isinstance(p, Parameter) and not p.sensitive for p in unread)
