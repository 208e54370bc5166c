"""What counts as a name in a certificate, and what only looks like one."""

from __future__ import annotations

import pytest

from sockguard.identity.names import KINDS

LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61])

NAMES = [
    ("dns", "web", "web"),
    ("dns", "Web.Home.Lab", "web.home.lab"),
    ("dns", "a-b.1x.lab", "a-b.1x.lab"),
    ("dns", "xn--bcher-kva.lab", "xn--bcher-kva.lab"),
    ("dns", LONGEST, LONGEST),
    ("email", "ops@home.lab", "ops@home.lab"),
    ("email", "Ops.Team+x@Home.LAB", "Ops.Team+x@home.lab"),
    ("spiffe", "spiffe://home.lab/ops", "spiffe://home.lab/ops"),
    ("spiffe", "spiffe://home_1.lab/ns/Prod/sa/a.b", "spiffe://home_1.lab/ns/Prod/sa/a.b"),
    ("common_name", "ops", "ops"),
    ("common_name", "Ann O. (ops), 2nd", "Ann O. (ops), 2nd"),
    ("common_name", "cn=x uid=0", "cn=x uid=0"),
    ("sha256", "ab" * 32, "ab" * 32),
    ("sha256", "AB" * 32, "ab" * 32),
    ("sha256", ":".join(["AB"] * 32), "ab" * 32),
]

NO_NAMES = [
    ("dns", ""),
    ("dns", "."),
    ("dns", "*"),
    ("dns", "*.home.lab"),
    ("dns", "w*.home.lab"),
    ("dns", "web.home.lab."),
    ("dns", "web.home.lab.."),
    ("dns", ".home.lab"),
    ("dns", "web..lab"),
    ("dns", "web.home.lab\0.evil.org"),
    ("dns", "web.home.lab\0"),
    ("dns", "web.home.lab\n"),
    ("dns", "web home"),
    ("dns", "we%62.home.lab"),
    ("dns", "web_1.home.lab"),
    ("dns", "-web.home.lab"),
    ("dns", "web-.home.lab"),
    ("dns", "10.0.0.5"),
    ("dns", "::1"),
    ("dns", "web/home"),
    ("dns", "wéb.home.lab"),
    ("dns", "wеb.home.lab"),  # noqa: RUF001 - a Cyrillic letter
    ("dns", "\u212aube.home.lab"),  # KELVIN SIGN, which lower() makes a k
    ("dns", "web\u3002home\u3002lab"),  # IDEOGRAPHIC FULL STOP
    ("dns", "web\u200b.home.lab"),
    ("dns", "\u0661.home.lab"),  # ARABIC-INDIC DIGIT ONE
    ("dns", "a" * 64),
    ("dns", LONGEST + "a"),
    ("email", "ops"),
    ("email", "@home.lab"),
    ("email", "ops@"),
    ("email", "ops@home.lab@evil.org"),
    ("email", "*@home.lab"),
    ("email", '"ops evil"@home.lab'),
    ("email", "ops\0@home.lab"),
    ("email", "ops@home.lab\0.evil.org"),
    ("email", "ops @home.lab"),
    ("email", "ops..x@home.lab"),
    ("email", "op%73@home.lab"),
    ("email", "Ops <ops@home.lab>"),
    ("email", "ops@[10.0.0.5]"),
    ("email", "öps@home.lab"),
    ("email", "o" * 65 + "@home.lab"),
    ("spiffe", "spiffe://home.lab"),
    ("spiffe", "spiffe://home.lab/"),
    ("spiffe", "spiffe:///ops"),
    ("spiffe", "spiffe://home.lab/ops/"),
    ("spiffe", "spiffe://home.lab//ops"),
    ("spiffe", "spiffe://home.lab/../ops"),
    ("spiffe", "spiffe://home.lab/./ops"),
    ("spiffe", "spiffe://home.lab/op%73"),
    ("spiffe", "spiffe://home.lab/*"),
    ("spiffe", "spiffe://*/ops"),
    ("spiffe", "spiffe://home.lab/ops\0"),
    ("spiffe", "spiffe://home.lab/ops\n"),
    ("spiffe", "spiffe://home.lab/ops?x"),
    ("spiffe", "spiffe://home.lab/ops#x"),
    ("spiffe", "spiffe://home.lab:443/ops"),
    ("spiffe", "spiffe://a@home.lab/ops"),
    ("spiffe", "spiffe://Home.lab/ops"),
    ("spiffe", "SPIFFE://home.lab/ops"),
    ("spiffe", "https://home.lab/ops"),
    ("spiffe", " spiffe://home.lab/ops"),
    ("spiffe", "spiffe://home.lab/оps"),  # noqa: RUF001 - a Cyrillic letter
    ("spiffe", "spiffe://home.lab/" + "a" * 2048),
    ("common_name", ""),
    ("common_name", " ops"),
    ("common_name", "ops "),
    ("common_name", "ops\0"),
    ("common_name", "ops\n"),
    ("common_name", "ops\x7f"),
    ("common_name", "*"),
    ("common_name", "*.home.lab"),
    ("common_name", '"ops"'),
    ("common_name", "ops\\"),
    ("common_name", "op%73"),
    ("common_name", "оps"),  # noqa: RUF001 - a Cyrillic letter
    ("common_name", "o" * 65),
    ("sha256", "ab" * 31),
    ("sha256", "ab" * 33),
    ("sha256", "xy" * 32),
    ("sha256", "ab:" + "ab" * 31),
    ("sha256", "\u0661" * 64),
    ("sha256", ""),
]


@pytest.mark.parametrize(("kind", "text", "name"), NAMES)
def test_a_name_counts_in_one_spelling(kind: str, text: str, name: str) -> None:
    assert KINDS[kind](text) == name
    assert KINDS[kind](name) == name


@pytest.mark.parametrize(("kind", "text"), NO_NAMES)
def test_what_does_not_fit_the_grammar_is_no_name(kind: str, text: str) -> None:
    assert KINDS[kind](text) == ""
