"""Fields that an Engine reads from some API version on, where a policy relies on them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.objects import judge
from tests.support.policies import policy_of

CAPABILITIES = "TaskTemplate.ContainerSpec.CapabilityDrop"
MOUNTS = "TaskTemplate.ContainerSpec.Mounts"
SUBPATH = (
    f"{MOUNTS}: {{each: {{fields: {{VolumeOptions: {{fields: {{Subpath: {{like: a,"
    " required: true}}}}}}"
)


def too_young(condition: str, version: int, spec: dict[str, Any] | None = None) -> str:
    """Return the field of a service that the version knows nothing of, "" for none."""
    policy = policy_of(f"allow: [{{services.create: {{body: {{{condition}}}}}}}]")
    body = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "alpine", **(spec or {})}}}
    decision = judge(policy, f"POST /v1.{version}/services/create", body=body).decision
    return decision.detail if "which Engines read from API 1." in decision.message else ""


@pytest.mark.parametrize(
    ("condition", "field", "since"),
    [
        (f"{CAPABILITIES}: {{always: [ALL]}}", CAPABILITIES, 41),
        (f"{CAPABILITIES}: {{equals: [ALL], required: true}}", CAPABILITIES, 41),
        ("TaskTemplate.ContainerSpec: {fields: {CapabilityDrop: {equals: [ALL], required: true}}}",
         CAPABILITIES, 41),
        ("TaskTemplate.ContainerSpec: {always: {Image: alpine, CapabilityDrop: [ALL]}}",
         CAPABILITIES, 41),
        ("TaskTemplate.Resources.Limits.Pids: {at_most: 100}",
         "TaskTemplate.Resources.Limits.Pids", 41),
        ("TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges: {always: true}",
         "TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges", 44),
        ("TaskTemplate.ContainerSpec.Privileges: {equals: {NoNewPrivileges: true}}",
         "TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges", 44),
        (SUBPATH, f"{MOUNTS}[].VolumeOptions.Subpath", 45),
    ],
)  # fmt: skip
def test_a_version_in_which_an_engine_would_ignore_a_field_is_refused_where_that_counts(
    condition: str, field: str, since: int
) -> None:
    assert too_young(condition, since - 1) == field
    assert too_young(condition, since) == ""


@pytest.mark.parametrize(
    "condition",
    [
        f"{CAPABILITIES}: any",
        f"{CAPABILITIES}: {{equals: [ALL]}}",
        f"{CAPABILITIES}: {{always: []}}",
        "TaskTemplate.ContainerSpec: {fields: {CapabilityDrop: any}}",
        "TaskTemplate.ContainerSpec.Image: {like: alpine, required: true}",
        "TaskTemplate.ContainerSpec: {always: {Image: alpine}}",
    ],
)
def test_where_none_at_all_would_do_as_well_old_versions_pass(condition: str) -> None:
    assert too_young(condition, 40, {"CapabilityDrop": ["ALL"]}) == ""
