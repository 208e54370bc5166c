from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.catalogue.columns import document, flag, integer, parameters, text
from sockguard.engine.operation import Parameter
from sockguard.engine.shape import TEXT, Map


def test_a_parameter_is_sensitive_if_it_hands_something_over() -> None:
    assert flag("stdin", "Lets the client type.").sensitive
    assert not flag("stdout").sensitive


def test_a_parameter_that_stands_twice_is_a_fault_of_the_table() -> None:
    with pytest.raises(ValueError, match="twice"):
        parameters(integer("h"), text("h"))


def test_an_empty_value_is_an_absent_one() -> None:
    assert text("a").absent == {""}
    assert text("a", "Sentence.", absent="default").absent == {"", "default"}
    assert document("a", Map(TEXT), absent="{}").absent == {"", "{}", "null"}


@pytest.mark.parametrize(
    ("operation", "parameter", "absent"),
    [
        ("build.run", "networkmode", "default"),
        ("build.run", "cachefrom", "[]"),
        ("build.run", "buildargs", "{}"),
        ("containers.top", "ps_args", "-ef"),
        ("images.import", "fromSrc", "-"),
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
