from __future__ import annotations

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import Risk
from sockguard.engine.sets import SETS


def test_the_sets_are_those_of_version_1() -> None:
    assert SETS.keys() == {
        "system/hello",
        "containers/read",
        "containers/lifecycle",
        "images/read",
        "networks/read",
        "volumes/read",
        "engine/everything",
    }


def test_sets_hold_operations_that_can_be_granted() -> None:
    for members in SETS.values():
        assert all(not OPERATIONS[name].refused for name in members)


def test_everything_is_every_operation_that_can_be_granted() -> None:
    refused = {name for name, operation in OPERATIONS.items() if operation.refused}
    assert SETS["engine/everything"] == OPERATIONS.keys() - refused


def test_containers_read_shows_no_output_and_no_files() -> None:
    names = ["list", "inspect", "stats", "changes"]
    assert SETS["containers/read"] == {f"containers.{verb}" for verb in names}


def test_what_carries_files_or_text_away_or_runs_programs_is_in_no_small_set() -> None:
    grave = {Risk.EXFILTRATE, Risk.HOST_ROOT}
    for name, members in SETS.items():
        if name != "engine/everything":
            assert all(OPERATIONS[member].risk not in grave for member in members)
            assert not any(OPERATIONS[member].bulk_read for member in members)


def test_what_is_called_read_writes_nothing() -> None:
    for name, members in SETS.items():
        if name.endswith(("/read", "/hello")):
            assert not any(OPERATIONS[member].writes for member in members)


def test_reading_images_asks_no_registry() -> None:
    assert SETS["images/read"] == {"images.list", "images.inspect", "images.history"}
