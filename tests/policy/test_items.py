from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind
from sockguard.engine.sets import SETS
from sockguard.policy.response import MASKED, SHOWN
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
            "has no key 'xyz'; it has target, query, body, image, host_paths, ports,",
        ),
        (
            "containers.attach: {stdin: true}",
            "has no key 'stdin': parameters stand under `query:`, as in containers.attach: {query:",
        ),
        (
            "containers.kill: {t: 5}",
            "containers.kill has no key 't'",
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
        ("images.push: {body: {A: 1}}", "the body has no field 'A'"),
        ("containers.logs: {response: any}", "has no use for response: its answer has no fields"),
        ("containers.top: {response: any}", "has no use for response: any: nothing in its answer"),
        ("containers.create: {body: all}", "body is any, or a mapping of fields to constraints"),
        ("containers.create: {body: {}}", "body is any, or a mapping of fields to constraints"),
        ("containers.create: {body: {image: a}}", "no field 'image' (did you mean Image?)"),
        (
            "containers.create: {body: {Privileged: true}}",
            "the body has no field 'Privileged'",
        ),
        (
            "containers.create: {body: {HostConfig.Mounts.Type: bind}}",
            "HostConfig.Mounts is a list: write HostConfig.Mounts: {each: {fields: {Type: …}}}",
        ),
        (
            "containers.create: {body: {Labels.team: a}}",
            "Labels is a map: write Labels: {entries: {team: …}}",
        ),
        (
            "containers.create: {body: {Image.Name: a}}",
            "Image is a single value: nothing stands below it",
        ),
        (
            "exec.create: {body: {Container: a}}",
            "the body has no field 'Container'",
        ),
        (
            "containers.create: {body: {HostConfig.Memory: lots}}",
            "HostConfig.Memory takes a whole number, not text",
        ),
        (
            "containers.create: {body: {HostConfig.Memory: {under: /a}}}",
            "HostConfig.Memory: under is not for a whole number",
        ),
        (
            "containers.create: {body: {HostConfig.CapAdd: [NET_ADMIN]}}",
            "HostConfig.CapAdd is not a single value: write {equals: …} for the whole of it or {ea",
        ),
        (
            "containers.create: {body: {HostConfig.Mounts: {each: {always: {Type: bind}}}}}",
            "always replaces a whole parameter or field, not parts of it",
        ),
        (
            "containers.create: {body: {HostConfig.Mounts: {each: {required: true}}}}",
            "HostConfig.Mounts item: required is for what may be absent",
        ),
        (
            "containers.create: {body: {HostConfig.Binds: {each: {under: /srv}}}}",
            "HostConfig.Binds holds more than paths: write host_paths: {under: …} beside body",
        ),
        (
            "containers.create: {body: {HostConfig: {always: {Privileged: 5}}}}",
            "wrong type: HostConfig.Privileged must be true or false",
        ),
        (
            "containers.create: {body: {HostConfig: {always: {New: 5}}}}",
            "HostConfig.New is no field that an Engine knows",
        ),
        (
            "containers.inspect: {response: {reveal: {A: any}}}",
            "no field of what containers.inspect answers is 'A'",
        ),
        ("containers.list: {target: any}", "target: any is for exec.start, exec.resize, exec.in"),
        ("exec.create: {target: any}", "target: any is for exec.start, exec.resize, exec.inspect"),
        ("system.info: {target: {name: a}}", "system.info has no use for target: it is about no"),
        ("tasks.inspect: {target: {name: a}}", "tasks.inspect has no use for target"),
        ("images.pull: {target: {name: a}}", "images.pull has no use for target"),
        ("containers.stop: {target: {}}", "target names objects by `name` or by `label`"),
        ("containers.stop: {target: web}", "target must be a mapping, not text"),
        ("containers.stop: {target: {nam: web}}", "target has no key 'nam' (did you mean name?)"),
        ("containers.stop: {target: {name: any}}", "target name is a glob or a list of globs"),
        ("containers.stop: {target: {name: {like: a}}}", "target name is a glob or a list of"),
        ("containers.stop: {target: {label: {}}}", "label takes a mapping of labels to values"),
        ("containers.stop: {target: {label: {a: true}}}", "label a takes text, not true or false"),
        ("containers.stop: {target: {label: {a: {always: b}}}}", "label a: a target only compares"),
        (
            "containers.stop: {target: {label: {a: {like: b, required: true}}}}",
            "label a: a target only compares",
        ),
        ("containers.prune: {target: {name: a}}", "a prune knows no names: its target can only be"),
        (
            "containers.prune: {target: {label: {a: {like: b}}}}",
            "a label of a prune has one value: the Engine compares it",
        ),
        ("containers.stop: {compressed: true}", "has no use for compressed: it takes no archive"),
        ("system.info: {shared: true}", "has no use for shared: it makes and names no objects"),
        ("containers.stop: {shared: 1}", "shared must be true or false, not a number"),
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
    ("item", "says"),
    [
        ("containers.attach: {record: yes please}", "record must be true or false"),
        ("exec.start: {record: 1}", "record must be true or false"),
        ("exec.create: {record: [true]}", "record must be true or false"),
        ("containers.logs: {record: true}", "no use for record: nothing is typed or shown in it"),
        ("exec.resize: {record: true}", "no use for record: nothing is typed or shown in it"),
        ("containers.attach_ws: {record: true}", "within frames of a WebSocket"),
    ],
)
def test_record_is_refused_where_nothing_would_be_recorded(item: str, says: str) -> None:
    assert says in complaint(item)


@pytest.mark.parametrize(
    "item",
    [
        "containers.stop: {target: {name: web}}",
        "containers.stop: {target: {name: [web, db-*], label: {a: b, c: any}}}",
        "containers.list: {target: {label: {a: {like: b-*}}}, response: {keep: [Id]}}",
        "containers.prune: {target: {label: {a: b}}}",
        "exec.start: {target: any}",
        "exec.start: {target: {name: web}}",
        "checkpoints.create: {target: {name: web}}",
        "containers.archive_put: {compressed: true}",
        "containers.attach: {record: true, query: {stdin: any}}",
        "exec.start: {any_of: [{target: {name: web}, record: true}, {target: {name: db}}]}",
        "exec.create: {record: false}",
        "images.remove: {target: {name: docker.io/library/alpine*}, shared: true}",
        "containers.create: {body: {HostConfig.CapDrop: {always: [ALL]}}}",
    ],
)
def test_the_words_for_objects_bodies_and_answers_load(item: str) -> None:
    policy_of(allowing(item))


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
        "containers.stop: {target: {nam: web}}",
        "containers.create: {body: {HostConfig.Memry: 5}}",
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
    "name", [name for name, operation in OPERATIONS.items() if operation.masks]
)
def test_answers_that_hold_secrets_load_bare_and_may_be_asked_for_whole(name: str) -> None:
    (masked,) = policy_of(allowing(name)).clients["main"].role.grants[name]
    assert masked.response == MASKED
    (shown,) = policy_of(allowing(f"{name}: {{response: any}}")).clients["main"].role.grants[name]
    assert shown.response == SHOWN


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
        if operation.body is BodyKind.JSON and operation.shape != {} and not operation.refused
    ],
)
def test_a_json_body_needs_no_word_and_may_be_let_in_whole(name: str) -> None:
    (plain,) = policy_of(allowing(name)).clients["main"].role.grants[name]
    assert (plain.body, plain.body_any) == ((), False)
    (whole,) = policy_of(allowing(f"{name}: {{body: any}}")).clients["main"].role.grants[name]
    assert whole.body_any


def test_of_a_started_program_all_known_fields_are_plain() -> None:
    policy = policy_of(allowing("exec.start: {target: any}"))
    assert ask(policy, "POST /exec/1a/start", body=b'{"Detach":false,"Tty":true}').allowed
    assert ask(policy, "POST /exec/1a/start").allowed
    refused = ask(policy, "POST /exec/1a/start", body=b'{"New":5}')
    assert (refused.reason, refused.detail) == ("body", "New")


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_set_loads_bare_and_shows_no_secret_unless_it_is_everything(name: str) -> None:
    grants = policy_of(allowing(name)).clients["main"].role.grants
    assert grants.keys() == SETS[name]
    whole = name == "engine/everything"
    for (grant,) in grants.values():
        assert grant.response == (SHOWN if whole else MASKED)


def test_an_item_and_a_set_that_hold_the_same_operation_are_alternatives() -> None:
    policy = policy_of(
        allowing("containers/read", "containers.inspect: {query: {size: false}, response: any}")
    )
    small, sized = (ask(policy, f"GET /containers/web/json{query}") for query in ("", "?size=1"))
    assert [grant.item for grant in small.grants] == ["containers.inspect", "containers/read"]
    assert [grant.item for grant in sized.grants] == ["containers/read"]
    assert ask(policy, "GET /containers/web/stats").allowed


def test_everything_is_all_operations_bodies_and_answers() -> None:
    policy = policy_of(allowing("engine/everything"))
    grants = policy.clients["main"].role.grants
    assert grants.keys() == {name for name, one in OPERATIONS.items() if not one.refused}
    for (grant,) in grants.values():
        assert (grant.query_any, grant.body_any, grant.response) == (True, True, SHOWN)
        assert (grant.target_any, grant.compressed) == (True, True)
        assert (grant.shared, grant.including_sockguard) == (False, False)


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
