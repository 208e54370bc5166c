from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.policy.scrub import scrubbed_body, scrubbed_query, scrubbed_text

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "hunter2"
M = "sockguard:masked"

BODIES = [
    ({"Env": ["PGPASSWORD=hunter2", "hunter2"]}, {"Env": [f"PGPASSWORD={M}", M]}),
    ({"env": {"A": "hunter2"}}, {"env": {"A": M}}),
    ({"Cmd": ["mysql", "--password", "hunter2"]}, {"Cmd": ["mysql", "--password", M]}),
    ({"Cmd": ["x", "--db-token=hunter2", "y"]}, {"Cmd": ["x", f"--db-token={M}", "y"]}),
    ({"Cmd": "x --api-key hunter2 -v"}, {"Cmd": f"x --api-key {M}"}),
    ({"Cmd": ["sh", "-c", "PASSWORD='hunter2' run"]}, None),
    ({"Cmd": ["curl", "https://me:hunter2@host/x"]}, {"Cmd": ["curl", f"https://{M}@host/x"]}),
    ({"Labels": {"a.basicauth.users": "me:hunter2"}}, {"Labels": {"a.basicauth.users": M}}),
    ({"Name": "db", "Data": "hunter2"}, {"Name": "db", "Data": M}),
    ({"username": "me", "password": "hunter2"}, {"username": "me", "password": M}),
    ({"IdentityToken": "hunter2"}, {"IdentityToken": M}),
    (
        {"CAConfig": {"ExternalCAs": [{"URL": "hunter2"}]}},
        {"CAConfig": {"ExternalCAs": [{"URL": M}]}},
    ),
    ({"RemoteAddrs": ["a"], "JoinToken": "hunter2"}, {"RemoteAddrs": ["a"], "JoinToken": M}),
    (
        {"LogConfig": {"Type": "splunk", "Config": {"splunk-token": "hunter2", "max-size": "1m"}}},
        {"LogConfig": {"Type": "splunk", "Config": {"splunk-token": M, "max-size": "1m"}}},
    ),
    (
        {"DriverOpts": {"type": "cifs", "o": "password=hunter2", "device": "//nas/x"}},
        {"DriverOpts": {"type": "cifs", "o": M, "device": "//nas/x"}},
    ),
]


@pytest.mark.parametrize(("body", "kept"), BODIES, ids=lambda part: json.dumps(part)[:40])
def test_what_is_secret_in_a_body_is_hidden_and_the_rest_stays(body: object, kept: object) -> None:
    text = scrubbed_body(body)
    assert SECRET not in text
    assert kept is None or json.loads(text) == kept


HARD = """a,b;c&d e@f'g\"h/i=j:k"""
PLACES = [
    "--build-arg=TOKEN={}",
    "--set=db.password={}",
    "--header=X-Vault-Token:{}",
    "curl -H 'Authorization: Bearer {}' x",
    "https://h/c.tar?private_token={}",
    "https://h/c?x=1&X-Amz-Signature={}",
    '{{\\"password\\": \\"{}\\"}}',
    "ENV DB_PASSWORD {}",
    "PASSWORD='{}' run",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrap", [lambda text: {"Cmd": ["sh", text]}, lambda text: {"Cmd": text}])
def test_all_that_follows_a_telling_name_is_hidden(place: str, wrap: Callable[..., object]) -> None:
    text = scrubbed_body(wrap(place.format(HARD)))
    assert not any(piece in text for piece in ("a,b", "c&d", "e@f", "i=j"))


@pytest.mark.parametrize(
    "body",
    [
        [f"EBS_ACCESSKEY={HARD}", "DEBUG=" + HARD],
        {"OnBuild": [f"ENV A={HARD}", f"ARG {HARD}"]},
        {"RegistrySecret": {"value": HARD}, "Tokens": [HARD], "api_token": 12345678},
        {"device": "//u:a,b;c&d@nas/x", "URL": "https://u:a,b@c&d/i=j@h/x.git"},
    ],
)
def test_settings_instructions_and_users_of_addresses_are_hidden(body: object) -> None:
    text = scrubbed_body(body)
    assert not any(piece in text for piece in ("a,b", "c&d", "e@f", "i=j", "12345678"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("changes", "ENV A=hunter2"),
        ("changes", "CMD x\nenv A hunter2"),
        ("buildargs", ' {"A":"hunter2","B":"x=hunter2"}'),
        ("remote", "https://h/c.tar?token=hunter2"),
        ("fromSrc", "https://u:x@hunter2@h/x"),
        ("https://u:hunter2@h", "x"),
    ],
)
def test_what_is_secret_in_a_parameter_is_hidden(name: str, text: str) -> None:
    assert SECRET not in scrubbed_query([(name, text)])


def test_a_long_text_costs_its_length() -> None:
    for text in ("//" * 200_000, "token" * 100_000, 'token"' * 100_000, "\\" * 400_000):
        assert scrubbed_text(text) == text


@pytest.mark.parametrize(
    "body",
    [
        {"Image": "nginx:1.27", "HostConfig": {"Binds": ["/:/host"], "Privileged": True}},
        {"IPAM": {"Config": [{"Subnet": "10.0.0.0/8"}], "Options": {}}},
        {"Cmd": ["sh", "-c", "nc -l 80"], "User": "0", "Tty": True, "ConsoleSize": [24, 80]},
        {"Labels": {"com.docker.compose.project": "shop"}},
        None,
        [],
    ],
)
def test_what_is_no_secret_stays_as_it_is(body: object) -> None:
    assert json.loads(scrubbed_body(body)) == body


@given(
    st.recursive(
        st.just(SECRET),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "Env", "Options", "x y"]), inner, max_size=3)
        ),
    ),
    st.sampled_from(["Env", "ENV", "Data", "password", "auth", "DriverOpts", "UnlockKey", "Env"]),
)
def test_whatever_form_a_secret_field_has_nothing_of_it_stays(value: object, name: str) -> None:
    if name == "DriverOpts":
        value = {"o": value}
    assert SECRET not in scrubbed_body({"Beside": {name: value}})


def test_a_query_reads_as_it_was_sent_but_for_its_secrets() -> None:
    pairs = [
        ("t", "shop:1"),
        ("filters", '{"label": ["a=b"]}'),
        ("buildargs", '{"TOKEN": "hunter2", "V": "hunter2"}'),
        ("remote", "https://me:hunter2@git.home.lab/x.git"),
    ]
    assert scrubbed_query(pairs) == (
        't=shop:1&filters={"label":["a=b"]}'
        f'&buildargs={{"TOKEN":"{M}","V":"{M}"}}&remote=https://{M}@git.home.lab/x.git'
    )


def test_a_parameter_that_looks_like_json_and_is_none_is_hidden() -> None:
    assert scrubbed_query([("buildargs", '{"A": "hunter2"')]) == f"buildargs={M}"
