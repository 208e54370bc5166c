from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind
from sockguard.engine.sets import SETS
from tests.support.policies import allowing, ask, complaints_about, policy_of


def complaint(*items: str) -> str:
    return " | ".join(complaints_about(allowing(*items)))


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (
            "containers.lst",
            "'containers.lst' is no operation and no set (did you mean containers.list?)",
        ),
        ("containers/list", "(did you mean containers.list?)"),
        ("containers.read", "(did you mean containers/read?)"),
        ("containers.*", "is no operation and no set"),
        ("GET /containers/json", "is no operation and no set"),
        ("containers.copy", "containers.copy is always refused: The Engine dropped this route"),
        ("5", "an item is an operation or a set, not a number"),
        ("[]", "an item is an operation or a set, not a list"),
        ("{}", "an item is an operation or a set, not a mapping"),
        ("containers.list:", "conditions are a mapping; without any, leave the colon out"),
        ("containers.list: {}", "conditions are a mapping"),
        ("containers.list: any", "conditions are a mapping"),
        ("system/hello: {query: any}", "system/hello is a set: conditions need a single operation"),
        ("containers.list: {quer: any}", "has no key 'quer' (did you mean query?)"),
        (
            "containers.list: {xyz: any}",
            "has no key 'xyz'; it has query, body, response, any_of, including_sockguard",
        ),
        (
            "containers.attach: {stdin: true}",
            "has no key 'stdin': parameters stand under `query:`, as in containers.attach: {query:",
        ),
        (
            "containers.stop: {signal: TERM}",
            "comes with a later one; parameters stand under `query:`, as in containers.stop: {q",
        ),
        (
            "containers.stop: {query: {timeout: 5}}",
            "containers.stop (query) has no key 'timeout'; it has signal, t",
        ),
        ("containers.list: {query: []}", "query is any, or a mapping of parameters"),
        ("containers.list: {query: {}}", "query is any, or a mapping of parameters"),
        ("containers.list: {query: {alll: true}}", "has no key 'alll' (did you mean all?)"),
        ("containers.list: {query: {trunc_cmd: a}}", "trunc_cmd is never forwarded"),
        ("containers.pause: {query: any}", "containers.pause has no query parameters"),
        ("containers.stop: {query: {t: ten}}", "t takes a whole number, not text"),
        ("containers.kill: {query: {signal: 9}}", "signal takes text, not a number: quote it"),
        ("images.pull: {query: {fromImage: {always: a}}}", "always cannot set it"),
        ("images.import: {query: {fromImage: {always: a}}}", "always cannot set it"),
        ("images.tag: {query: {tag: {always: a/b}}}", "holds a name that no tag can have"),
        ("containers.prune: {query: {filters: {always: {x: [a]}}}}", "knows no filter 'x'"),
        ("build.run: {query: {outputs: {always: [{type: tar}]}}}", "outputs[].Type must be spelt"),
        ("build.run: {query: {outputs: {equals: [{New: tar}]}}}", "outputs[].New is no field"),
        (
            "build.run: {query: {outputs: {each: {fields: {type: tar}}}}}",
            "outputs item has no key 'type' (did you mean Type?)",
        ),
        (
            "build.run: {query: {ulimits: {each: {fields: {Soft: many}}}}}",
            "ulimits item Soft takes a whole number, not text",
        ),
        (
            "build.run: {query: {labels: {entries: {team: 5}}}}",
            "labels team takes text, not a number: quote it",
        ),
        ("containers.list: {body: any}", "has no use for body: it takes no JSON body"),
        ("images.load: {body: any}", "has no use for body: it takes no JSON body"),
        ("containers.list: {response: any}", "has no use for response"),
        ("containers.logs: {response: any}", "has no use for response"),
        ("containers.create: {body: {Image: a}}", "body as a mapping is not known to this version"),
        ("containers.create: {body: all}", "body can only be any"),
        (
            "containers.inspect: {response: {reveal: {A: any}}}",
            "response as a mapping is not known",
        ),
        ("containers.create: {response: any}", "has no use for response"),
        ("containers.list: {including_sockguard: true}", "has no use for including_sockguard"),
        ("containers.stop: {including_sockguard: 1}", "must be true or false, not a number"),
        ("containers.list: {any_of: []}", "any_of takes a list of at least one alternative"),
        ("containers.list: {any_of: [any]}", "an alternative of any_of is a mapping"),
        (
            "containers.list: {query: any, any_of: [{query: {all: true}}]}",
            "query stands beside any_of and in an alternative",
        ),
        (
            "containers.list: {any_of: [{any_of: [{query: any}]}]}",
            "any_of within any_of: list all alternatives flat",
        ),
    ],
)
def test_an_item_that_means_nothing_is_refused_in_plain_words(item: str, says: str) -> None:
    assert says in complaint(item)


@pytest.mark.parametrize(
    "word",
    [
        "target", "record", "shared", "compressed", "image", "host_paths", "ports", "networks",
        "user", "capabilities", "devices", "namespaces", "signal",
    ],
)  # fmt: skip
def test_words_of_later_versions_are_refused_by_name(word: str) -> None:
    says = complaint(f"containers.stop: {{{word}: {{name: web}}}}")
    assert f"{word} is not known to this version of sockguard" in says
    assert "comes with a later one" in says


def test_two_keys_in_one_item_are_told_to_be_an_indentation_slip() -> None:
    says = complaints_about("allow:\n  - containers.stop:\n    query: {t: 5}\n")
    assert says == [
        "3: one item has 2 keys ('containers.stop', 'query'): mind the indentation below its name"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "allow:\n  - system/hello\n    - containers.list\n",
        "clients:\n  web:\n    allow:\n      - system/hello\n        - containers.list\n",
    ],
)
def test_a_deeper_dash_is_told_to_be_an_indentation_slip(text: str) -> None:
    (says,) = complaints_about(text)
    assert "'system/hello - containers.list' is no operation and no set: mind the inden" in says


@pytest.mark.parametrize(
    "item",
    [
        "containers.create: {bdy: any}",
        "containers.create: {name: web}",
        "containers.list: {any_of: 5}",
        "images/read",
        "volumes/read",
        "containers.attach: {stdin: true, logs: 5}",
    ],
)
def test_one_mistake_has_one_complaint(item: str) -> None:
    assert len({one.partition(":")[0] for one in complaints_about(allowing(item))}) == 1
    assert len(complaints_about(allowing(item))) == 1 + ("logs" in item)


def test_two_items_for_one_operation_are_an_error_that_names_any_of() -> None:
    says = complaint("containers.stop", "containers.stop: {query: {t: 5}}")
    assert "containers.stop stands here twice (first: 3); write any_of" in says


@pytest.mark.parametrize(
    "name",
    [
        "containers.inspect", "exec.inspect", "images.inspect", "images.history", "volumes.list",
        "volumes.inspect", "system.events", "swarm.inspect", "swarm.unlock_key", "services.list",
        "services.inspect", "tasks.list", "tasks.inspect", "configs.list", "configs.inspect",
        "plugins.list", "plugins.inspect",
    ],
)  # fmt: skip
def test_answers_that_carry_secrets_need_to_be_asked_for_whole(name: str) -> None:
    assert f"`- {name}: {{response: any}}`" in complaint(name)
    policy_of(allowing(f"{name}: {{response: any}}"))


@pytest.mark.parametrize(
    "name", ["containers.logs", "containers.top", "containers.export", "images.get"]
)
def test_what_says_by_its_name_that_it_carries_secrets_needs_no_word(name: str) -> None:
    policy_of(allowing(name))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, operation in OPERATIONS.items()
        if operation.body is BodyKind.JSON
        and operation.shape != {}
        and not operation.refused
        and name != "exec.start"
    ],
)
def test_a_json_body_needs_to_be_let_in_whole(name: str) -> None:
    assert f"`- {name}: {{body: any}}`" in complaint(name)
    policy_of(allowing(f"{name}: {{body: any}}"))


def test_of_a_started_program_all_known_fields_are_plain() -> None:
    policy = policy_of(allowing("exec.start"))
    assert ask(policy, "POST /exec/1a/start", body=b'{"Detach":false,"Tty":true}').allowed
    assert ask(policy, "POST /exec/1a/start").allowed
    refused = ask(policy, "POST /exec/1a/start", body=b'{"New":5}')
    assert (refused.reason, refused.detail) == ("body", "New")


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_set_loads_alone_only_if_none_of_its_answers_carries_secrets(name: str) -> None:
    secret = [one for one in sorted(SETS[name]) if OPERATIONS[one].secret_answer]
    if name == "engine/everything" or not secret:
        policy_of(allowing(name))
    else:
        for one in secret:
            assert f"`- {one}: {{response: any}}`" in complaint(name)
        items = [f"{one}: {{response: any}}" for one in secret]
        policy_of(allowing(name, *items))


def test_a_set_leaves_what_needs_words_to_the_item_that_has_them() -> None:
    policy = policy_of(
        allowing("containers/read", "containers.inspect: {query: {size: false}, response: any}")
    )
    assert ask(policy, "GET /containers/web/json").allowed
    assert ask(policy, "GET /containers/web/json?size=1").reason == "query"
    assert ask(policy, "GET /containers/web/stats").allowed


def test_everything_is_all_operations_bodies_and_answers() -> None:
    policy = policy_of(allowing("engine/everything"))
    grants = policy.clients["main"].role.grants
    assert grants.keys() == {name for name, one in OPERATIONS.items() if not one.refused}
    for (grant,) in grants.values():
        assert (grant.query_any, grant.body_any, grant.response_any) == (True, True, True)
        assert not grant.including_sockguard


def test_keys_beside_any_of_belong_to_every_alternative() -> None:
    policy = policy_of(
        """
        allow:
          - containers.create:
              body: any
              any_of:
                - query: {name: {like: "a-*", required: true}}
                - query: {name: {like: "b-*", required: true}}
        """
    )
    for name, allowed in (("a-1", True), ("b-1", True), ("c-1", False)):
        do = f"POST /containers/create?name={name}"
        assert ask(policy, do, body=b'{"New":1}').allowed is allowed


def test_an_alternative_must_cover_the_whole_request() -> None:
    policy = policy_of(
        allowing("containers.remove: {any_of: [{query: {force: true}}, {query: {v: true}}]}")
    )
    assert ask(policy, "DELETE /containers/web?force=1").allowed
    assert ask(policy, "DELETE /containers/web?v=1").allowed
    policy = policy_of(
        allowing("containers.attach: {any_of: [{query: {logs: true}}, {query: {stdin: true}}]}")
    )
    assert ask(policy, "POST /containers/web/attach?logs=1").allowed
    refused = ask(policy, "POST /containers/web/attach?logs=1&stdin=1")
    assert refused.reason == "query"


BUILD = """
build.run:
      query:
        outputs: {each: {fields: {Type: {equals: local, required: true}, Attrs: {keys: dest}}}}
        ulimits: {each: {fields: {Name: nofile, Soft: {at_most: 64, required: true}}}}
"""


@pytest.mark.parametrize(
    ("query", "reason", "detail"),
    [
        ('outputs=[{"Type":"local","Attrs":{"dest":"x"}}]', None, ""),
        ('outputs=[{"Type":"local","Attrs":{"push":"x"}}]', "query", "outputs"),
        ('outputs=[{"Type":"registry"}]', "query", "outputs"),
        ('outputs=[{"Type":"local","Push":true}]', "query", "outputs[].Push"),
        ('outputs=[{"Type":"local","Push":false}]', None, ""),
        ('outputs=[{"Type":"local","type":"registry"}]', "malformed", "outputs[].Type"),
        ('ulimits=[{"Name":"nofile","Soft":64}]', None, ""),
        ('ulimits=[{"Name":"nofile","Soft":65}]', "query", "ulimits"),
        ('ulimits=[{"Name":"nofile","Soft":64,"SOFT":4000}]', "malformed", "ulimits[].Soft"),
    ],
)
def test_json_in_a_query_is_held_to_its_fields(query: str, reason: str | None, detail: str) -> None:
    got = ask(policy_of(allowing(BUILD.strip())), f"POST /build?{query}")
    assert (got.reason, got.detail) == (reason, detail)


def test_query_any_lets_unknown_fields_in_but_never_a_second_reading() -> None:
    policy = policy_of(allowing("build.run: {query: any}"))
    assert ask(policy, 'POST /build?outputs=[{"Type":"local","Push":true}]').allowed
    assert ask(policy, 'POST /build?outputs=[{"Type":"a","type":"b"}]').reason == "malformed"


@pytest.mark.parametrize(
    "constraint",
    [
        "{required: true}",
        "{entries: {label: {each: any, required: true}}, required: true}",
        "{keys: label, required: true}",
    ],
)
def test_a_filter_without_texts_is_no_filter(constraint: str) -> None:
    policy = policy_of(allowing(f"containers.prune: {{query: {{filters: {constraint}}}}}"))
    assert ask(policy, 'POST /containers/prune?filters={"label":["a"]}').allowed
    assert ask(policy, 'POST /containers/prune?filters={"label":[]}').reason == "query"
