"""An expression that lets some names through opens nothing: a few samples do not stand for all."""

from __future__ import annotations

import pytest

from sockguard.compat.matched import expression, opened_by


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("DELETE", r"/v1\.41/volumes/[^p][^/]*"),
        ("POST", r"/v1\.41/containers/[0-4].*/(stop|kill|exec)"),
        ("POST", r"/v1\.41/services/n.*/update"),
        ("DELETE", r"/v1\.41/networks/.*[^e]"),
    ],
)
def test_an_expression_for_some_names_opens_no_operation_for_all(method: str, text: str) -> None:
    opened = opened_by([expression(method, text, f"-allow{method}")])
    assert {one.names for one in opened} <= {("0-4",)}


@pytest.mark.parametrize(
    ("method", "text", "operations"),
    [
        ("DELETE", r"/v1\..*/volumes/[^/]+", {"volumes.remove"}),
        ("POST", r"/v1\..*/containers/[a-f0-9]{64}/stop", {"containers.stop"}),
        ("POST", r"/v1\..*/services/[a-z0-9]{25}/update", {"services.update"}),
    ],
)
def test_an_expression_for_each_name_or_id_opens_its_operation(
    method: str, text: str, operations: set[str]
) -> None:
    opened = opened_by([expression(method, text, f"-allow{method}")])
    assert {one.operation for one in opened} == operations
