from __future__ import annotations

import pytest

from sockguard.export.target import Scheme, Target, target_of, targets_of


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("syslog+unix:///dev/log", Target(Scheme.UNIX, path="/dev/log")),
        ("syslog+udp://logs.lan:514", Target(Scheme.UDP, "logs.lan", 514)),
        ("syslog+tcp://[::1]:601?framing=lines", Target(Scheme.TCP, "::1", 601, framing="lines")),
        (
            "syslog+tls://h:6514?ca=/ca.pem&cert=/c.pem&key=/k%20.pem&facility=authpriv",
            Target(
                Scheme.TLS,
                "h",
                6514,
                facility="authpriv",
                ca="/ca.pem",
                cert="/c.pem",
                key="/k .pem",
            ),
        ),
        ("otlp+http://127.0.0.1:4318", Target(Scheme.OTLP_HTTP, "127.0.0.1", 4318)),
        (
            "otlp+https://h:443/otlp/?headers=/run/secrets/otlp",
            Target(Scheme.OTLP_HTTPS, "h", 443, "/otlp", headers="/run/secrets/otlp"),
        ),
    ],
)
def test_a_destination_is_read_from_a_url(text: str, target: Target) -> None:
    assert target_of(text) == target
    assert str(target) == text.partition("?")[0].rstrip("/")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must begin with syslog\\+unix://, "),
        ("syslog://h:514", "must begin with syslog\\+unix://, "),
        ("https://h:4318", "otlp\\+https://$"),
        ("syslog+udp://h", "must name a port, as in syslog\\+udp://logs.example.com:514"),
        ("syslog+tcp://h:0", "must name a host and a port"),
        ("syslog+tcp://h:65536", "must name a host and a port"),
        ("syslog+tcp://h:601/path", "takes no path"),
        ("syslog+tcp://:601", "must name a host and a port"),
        ("syslog+tcp://h\n:601", "must name a host and a port"),
        ("syslog+unix://dev/log", "absolute path, as in syslog\\+unix:///dev/log"),
        ("syslog+unix:///" + "x" * 107, "107 bytes at most"),
        ("syslog+unix:///a%00b", "absolute path"),
        ("syslog+udp://h:514?ca=/x", "takes facility behind its \\?, no ca"),
        ("syslog+tls://h:6514?framing=lines", "no framing"),
        ("syslog+tls://h:6514?ca=x", "ca= must be the absolute path"),
        ("syslog+tls://h:6514?ca=/x&ca=/y", "says ca= twice"),
        ("syslog+tls://h:6514?key=/x", "key= needs cert="),
        ("syslog+tcp://h:601?facility=kern", "facility= must be one of user, "),
        ("otlp+http://h:4318?headers=api-key", "headers= must be the absolute path"),
        ("otlp+https://me:secret@h:4318", "cannot have a password.*OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_what_is_no_destination_says_what_would_mend_it(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        target_of(text)


def test_several_stand_behind_commas_and_each_once() -> None:
    several = targets_of("syslog+udp://h:514,otlp+http://h:4318")
    assert [one.scheme for one in several] == [Scheme.UDP, Scheme.OTLP_HTTP]
    assert targets_of("") == ()
    with pytest.raises(ValueError, match="names one destination twice"):
        targets_of("syslog+udp://h:514,syslog+udp://h:514?facility=user")
