from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import ParameterKind
from sockguard.errors import Malformed
from sockguard.policy.query import LONGEST_NAME, read_query, spell_pairs
from sockguard.policy.question import Query

LIST = OPERATIONS["containers.list"]
REMOVE = OPERATIONS["containers.remove"]
STOP = OPERATIONS["containers.stop"]
BUILD = OPERATIONS["build.run"]


def read(operation: str, *pairs: tuple[str, str]) -> Query:
    return read_query(OPERATIONS[operation], pairs)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("true", True),
        ("True", True),
        ("off", True),
        ("n", True),
        ("x", True),
        ("", False),
        ("0", False),
        (" No ", False),
        ("FALSE", False),
        ("None", False),
    ],
)
def test_booleans_follow_the_engines_truth_table(text: str, value: bool) -> None:
    query = read("containers.remove", ("force", text))
    assert query.values == {"force": value}
    assert query.pairs == (("force", "1" if value else "0"),)


@pytest.mark.parametrize(
    ("text", "value"), [("t", True), ("TRUE", True), ("F", False), ("", False)]
)
def test_strict_booleans_follow_parse_bool(text: str, value: bool) -> None:
    assert read("networks.inspect", ("verbose", text)).values == {"verbose": value}


def test_a_strict_boolean_that_parse_bool_refuses_is_malformed() -> None:
    with pytest.raises(Malformed):
        read("networks.inspect", ("verbose", "yes"))


@pytest.mark.parametrize(
    "text",
    [
        "ten",
        "1_0",
        "1.5",
        "0x5",
        " 5",
        "\u0665",
        str(2**64),
        "1" * 30,
        "--1",
        str(2**63),
        str(-(2**63) - 1),
    ],
)
def test_a_number_that_is_none_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        read("containers.stop", ("t", text))
    assert caught.value.detail == "t"


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-1", -1), ("+5", 5), ("007", 7)])
def test_a_number_is_judged_as_a_number_and_sent_as_it_came(text: str, value: int) -> None:
    query = read("containers.stop", ("t", text))
    assert query.values == {"t": value}
    assert query.pairs == (("t", text),)


@pytest.mark.parametrize(
    ("operation", "name", "text"),
    [
        ("containers.stop", "t", ""),
        ("containers.kill", "signal", ""),
        ("containers.list", "filters", ""),
        ("containers.list", "filters", "{}"),
        ("containers.top", "ps_args", "-ef"),
        ("build.run", "buildargs", "{}"),
        ("build.run", "buildargs", "null"),
        ("build.run", "cachefrom", "[]"),
        ("build.run", "networkmode", "default"),
        ("build.run", "t", ""),
    ],
)
def test_what_equals_absence_is_forwarded_but_not_judged(
    operation: str, name: str, text: str
) -> None:
    query = read(operation, (name, text))
    assert query.values == {}
    assert query.pairs == ((name, text),)


@pytest.mark.parametrize(
    ("operation", "pairs"),
    [
        ("containers.list", [("all", "0"), ("all", "1")]),
        ("containers.list", [("all", "1"), ("all", "1")]),
        ("images.pull", [("fromImage", ""), ("fromImage", "ok"), ("tag", "1")]),
        ("containers.list", [("ALL", "1")]),
        ("containers.remove", [("Force", "1")]),
        ("swarm.update", [("rotateworkertoken", "1")]),
        ("containers.kill", [("\u017fignal", "9")]),
        ("containers.stats", [("\u017ftream", "0")]),
    ],
)
def test_repeated_scalars_and_variants_of_known_names_are_malformed(
    operation: str, pairs: list[tuple[str, str]]
) -> None:
    with pytest.raises(Malformed):
        read(operation, *pairs)


def test_lists_keep_all_their_values() -> None:
    query = read("images.get", ("names", "a"), ("names", ""), ("names", "b"))
    assert query.values == {"names": ("a", "", "b")}
    assert query.pairs == (("names", "a"), ("names", ""), ("names", "b"))


def test_unknown_parameters_are_dropped_on_reads() -> None:
    query = read("containers.list", ("all", "1"), ("newer", "x"), ("newer", "y"))
    assert query.pairs == (("all", "1"),)
    assert query.dropped == ("newer",)
    assert query.unknown == ()


def test_unknown_parameters_are_told_on_writes_and_kept_for_query_any() -> None:
    query = read("containers.remove", ("newer", "x"), ("newer", "y"))
    assert query.unknown == ("newer",)
    assert query.pairs == (("newer", "x"), ("newer", "y"))


def test_what_clients_send_although_no_engine_reads_it_is_dropped() -> None:
    query = read("containers.list", ("trunc_cmd", "0"))
    assert query == Query(dropped=("trunc_cmd",))


@pytest.mark.parametrize(
    ("image", "registry", "idle"),
    [
        ("ghcr.io/acme/app", "ghcr.io", True),
        ("ghcr.io/acme/app", "evil.example", False),
        ("ghcr.io.evil/app", "ghcr.io", False),
    ],
)
def test_a_registry_beside_the_image_is_idle_only_if_both_name_one_host(
    image: str, registry: str, idle: bool
) -> None:
    query = read("images.pull", ("fromImage", image), ("registry", registry))
    assert query.dropped == (("registry",) if idle else ())
    assert query.unknown == (() if idle else ("registry",))


def test_a_long_name_of_a_strangers_choice_is_cut_where_it_is_repeated() -> None:
    query = read("containers.list", ("x" * 5000, "1"))
    assert len(query.dropped[0]) == LONGEST_NAME + 1


@pytest.mark.parametrize(
    ("text", "judged", "sent"),
    [
        ('{"status":["running"]}', {"status": {"running"}}, '{"status":["running"]}'),
        (
            '{ "status" : {"running": true, "paused": false} }',
            {"status": {"running", "paused"}},
            '{"status":{"running":true,"paused":false}}',
        ),
        ('{"label":["a","a"],"x":[]}', {"label": {"a"}}, '{"label":["a","a"],"x":[]}'),
        ('{"label":{}}', None, '{"label":{}}'),
    ],
)
def test_filters_are_judged_as_sets_and_sent_in_their_own_shape(
    text: str, judged: dict[str, set[str]] | None, sent: str
) -> None:
    query = read("containers.list", ("filters", text))
    assert query.values.get("filters") == judged
    assert query.pairs == (("filters", sent),)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "5",
        "{",
        '{"a":["b"],"a":["c"]}',
        '{"a":["b"],"c":{"d":true}}',
        '{"a":"b"}',
        '{"a":[1]}',
        '{"a":{"b":1}}',
        '{"a":["b"]}}',
        '{"a":["\\ud800"]}',
        "NaN",
    ],
)
def test_filters_of_another_shape_are_malformed(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        read("containers.list", ("filters", text))
    assert caught.value.detail == "filters"


@pytest.mark.parametrize(
    ("text", "judged", "sent"),
    [
        ('{"label":[]}', {}, "{}"),
        ('{"label":{},"until":{}}', {}, "{}"),
        ('{"label":[],"until":["1h"]}', {"filters": {"until": {"1h"}}}, '{"until":["1h"]}'),
    ],
)
def test_on_writes_a_filter_without_texts_is_as_one_that_was_not_sent(
    text: str, judged: dict[str, object], sent: str
) -> None:
    query = read("containers.prune", ("filters", text))
    assert query.values == judged
    assert query.pairs == (("filters", sent),)


@pytest.mark.parametrize(
    ("operation", "name", "sent"),
    [
        ("containers.commit", "pause", ()),
        ("build.run", "rm", ()),
        ("build.run", "forcerm", (("forcerm", "0"),)),
        ("containers.stats", "stream", (("stream", "0"),)),
    ],
)
def test_a_blank_boolean_is_left_out_where_the_engine_takes_it_for_its_default(
    operation: str, name: str, sent: tuple[tuple[str, str], ...]
) -> None:
    assert read(operation, (name, "")).pairs == sent
    assert read(operation, (name, "0")).pairs == ((name, "0"),)


@pytest.mark.parametrize(
    ("operation", "name", "good", "bad"),
    [
        ("containers.commit", "container", "web /web 4bb9", "linker/vv //web /web/vv web/ we%b"),
        ("containers.commit", "repo", "a/b:1 ghcr.io/a", "a/B a//b a@b -a"),
        ("containers.commit", "tag", "1.0 latest", ":1 a/b a:b"),
        ("containers.create", "name", "web /web", "a/b"),
        ("containers.rename", "name", "web", "a/b"),
        ("containers.start", "checkpoint", "one", "../one"),
        ("images.pull", "tag", f"3 sha256:{'ab' * 32}", "sha256:ab"),
        ("images.pull", "fromImage", "alpine localhost:5000/a", "http://x"),
        ("build.run", "networkmode", "host mine container:web", "container:linker/vv container:"),
        ("plugins.create", "name", "a/b:1", "A"),
    ],
)
def test_what_names_an_object_has_the_characters_of_one(
    operation: str, name: str, good: str, bad: str
) -> None:
    for text in good.split():
        assert read(operation, (name, text)).values == {name: text}
    for text in bad.split():
        with pytest.raises(Malformed) as caught:
            read(operation, (name, text))
        assert caught.value.detail == name


@pytest.mark.parametrize(("operation", "name"), [("build.run", "t"), ("images.get", "names")])
def test_of_several_names_each_has_the_characters_of_one(operation: str, name: str) -> None:
    assert read(operation, (name, "a:1"), (name, "b")).values == {name: ("a:1", "b")}
    with pytest.raises(Malformed):
        read(operation, (name, "a:1"), (name, "B//c"))


def test_an_unknown_filter_is_refused_on_writes_and_left_to_the_engine_on_reads() -> None:
    with pytest.raises(Malformed, match=r"containers\.prune knows no filter 'labels'"):
        read("containers.prune", ("filters", '{"labels":["a"]}'))
    assert read("containers.list", ("filters", '{"labels":["a"]}')).values


@pytest.mark.parametrize(
    ("name", "text", "sent"),
    [
        ("buildargs", '{ "A" : "b" }', '{"A":"b"}'),
        ("cachefrom", '["a"]', '["a"]'),
    ],
)
def test_json_parameters_are_decoded_and_written_anew(name: str, text: str, sent: str) -> None:
    assert read("build.run", (name, text)).pairs == ((name, sent),)


@pytest.mark.parametrize("text", ['{"A":"b","A":"c"}', "{", "\ufeff{}", "{} {}"])
def test_json_parameters_with_two_readings_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        read("build.run", ("buildargs", text))


@pytest.mark.parametrize(
    ("name", "text", "detail"),
    [
        ("outputs", '[{"type":"local"}]', "outputs[].Type"),
        ("outputs", '[{"Type":"local","TYPE":"registry"}]', "outputs[].Type"),
        ("outputs", '[{"Type":"local","Attr\u017f":{}}]', "outputs[].Attrs"),
        ("outputs", '{"Type":"local"}', "outputs"),
        ("outputs", '[{"Type":5}]', "outputs[].Type"),
        ("outputs", '[{"New":1,"nEW":2}]', "outputs[].nEW"),
        ("ulimits", '[{"Name":"nofile","SOFT":4000}]', "ulimits[].Soft"),
        ("ulimits", '[{"Soft":1.5}]', "ulimits[].Soft"),
        ("ulimits", f'[{{"Soft":{2**63}}}]', "ulimits[].Soft"),
        ("buildargs", '{"A":1}', "buildargs{}"),
        ("labels", '["a"]', "labels"),
        ("cachefrom", '"a"', "cachefrom"),
    ],
)
def test_json_that_the_engine_would_read_otherwise_is_malformed(
    name: str, text: str, detail: str
) -> None:
    with pytest.raises(Malformed) as caught:
        read("build.run", (name, text))
    assert caught.value.detail == detail


def test_unknown_fields_in_json_are_told_and_dropped_where_they_are_empty() -> None:
    query = read("build.run", ("outputs", '[{"Type":"tar","New":1,"Newer":null}]'))
    assert query.unknown_within == {"outputs": ("outputs[].New",)}
    assert query.dropped == ("outputs[].Newer",)
    assert query.pairs == (("outputs", '[{"Type":"tar","New":1}]'),)


def test_free_keys_in_json_differ_by_case() -> None:
    query = read("build.run", ("buildargs", '{"A":"1","a":null}'))
    assert query.values == {"buildargs": {"A": "1", "a": None}}


def names_and_texts() -> st.SearchStrategy[list[tuple[str, str]]]:
    names = sorted({name for operation in OPERATIONS.values() for name in operation.parameters})
    texts = st.sampled_from(["", "0", "1", "true", "{}", '{"label":["a"]}', "[]", "x", "-ef"])
    return st.lists(st.tuples(st.sampled_from([*names, "zz", "Force"]), texts), max_size=4)


@settings(max_examples=300)
@given(st.sampled_from(sorted(OPERATIONS)), names_and_texts())
def test_reading_what_would_be_sent_gives_the_same_judgement(
    operation: str, pairs: list[tuple[str, str]]
) -> None:
    try:
        query = read(operation, *pairs)
    except Malformed:
        return
    again = read(operation, *query.pairs)
    assert (again.values, again.pairs, again.unknown) == (query.values, query.pairs, query.unknown)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_a_value_of_the_policys_is_read_back_as_it_was_meant(operation: object) -> None:
    values: dict[ParameterKind, object] = {
        ParameterKind.TEXT: "text",
        ParameterKind.INTEGER: 5,
        ParameterKind.BOOLEAN: True,
        ParameterKind.STRICT_BOOLEAN: True,
        ParameterKind.TEXTS: ("a", "b"),
        ParameterKind.FILTERS: {"label": frozenset({"a", "b"})},
    }
    documents: dict[str, object] = {
        "buildargs": {"a": "b"},
        "labels": {"a": "b"},
        "cachefrom": ["a"],
        "outputs": [{"Type": "tar"}],
        "ulimits": [{"Soft": 1}],
    }
    for name, parameter in operation.parameters.items():  # type: ignore[attr-defined]
        if not parameter.dropped:
            value = documents[name] if parameter.shape else values[parameter.kind]
            query = read_query(operation, spell_pairs(parameter, value))  # type: ignore[arg-type]
            assert query.values == {name: value}
