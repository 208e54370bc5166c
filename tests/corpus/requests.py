"""Raw requests on which parsers, proxies and the Engine disagree, each with our verdict.

The numbers are those of the differential list that the design was measured against; a row with
several variants has one entry for each. The table knows nothing of sockguard's code, so that it
can be replayed against one module or against a whole process:

- `wire` is what reading alone says: the status of a refusal, or the message that is read.
- `outcomes` are the right ends of the whole way under a policy that grants everything (unless
  `note` says otherwise): a status with which sockguard itself answers, or FORWARDED, which means
  that exactly one request reaches the Engine. `decided_by` names the part that decides.
- `json` says that the route takes a JSON body, so that reading includes decoding it.

Whatever happens, SMUGGLED never reaches the Engine.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FORWARDED: Final = 0
REFUSED: Final = (400,)
DENIED: Final = (403,)
MALFORMED_OR_DENIED: Final = (400, 403)
SENT: Final = (FORWARDED,)
SENT_OR_REFUSED: Final = (FORWARDED, 400, 403)


class By(StrEnum):
    """The part that decides about an entry."""

    WIRE = "wire"
    ENGINE = "engine"
    POLICY = "policy"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Message:
    """What we read: `path` holds the decoded segments, joined by slashes."""

    method: str
    path: str
    version: int | None = 44
    query: tuple[tuple[str, str], ...] = ()
    framing: str = "none"
    body: bytes = b""
    rest: bytes = b""
    keep_alive: bool = True
    upgrade: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as sent, and what must become of it. `tcp` entries are for a plain TCP socket."""

    id: str
    raw: bytes
    wire: Message | int
    decided_by: By = By.WIRE
    outcomes: tuple[int, ...] = REFUSED
    json: bool = False
    tcp: bool = False
    note: str = ""

    @property
    def number(self) -> int:
        return int(self.id.split("-")[0])


def raw(text: str) -> bytes:
    """Bytes of a request written with `~` for CR LF; other characters stand for one byte each."""
    return text.replace("~", "\r\n").encode("latin-1")


LIST: Final = "/v1.44/containers/json"
SMUGGLED: Final = "/v1.44/secrets"
P: Final = "POST /v1.44/containers/create HTTP/1.1~Host: d~Content-Type: application/json~"
P10: Final = P.replace("HTTP/1.1", "HTTP/1.0")
J: Final = '{"Image":"a"}'
K: Final = f"d~{J}~0~~"
S: Final = f"GET {SMUGGLED} HTTP/1.1~Host: d~~"
NEXT: Final = raw(S)
CHUNKED: Final = f"{P}Transfer-Encoding: chunked~~"
UPGRADE: Final = "Connection: Upgrade~Upgrade: tcp~"


def g(target: str, extra: str = "") -> bytes:
    """A GET of `target` with further header lines."""
    return raw(f"GET {target} HTTP/1.1~Host: d~{extra}~")


def b(body: str | bytes, extra: str = "") -> bytes:
    """A create with this JSON body; text is sent as UTF-8."""
    data = body if isinstance(body, bytes) else body.encode()
    return raw(f"{P}{extra}Content-Length: {len(data)}~~") + data


def form(line: str, media_type: str, body: str) -> bytes:
    """A request with a form body."""
    return raw(
        f"{line} HTTP/1.1~Host: d~Content-Type: {media_type}~Content-Length: {len(body)}~~{body}"
    )


def created(body: str | bytes = J, rest: bytes = b"", framing: str = "length") -> Message:
    """The create that P begins, as it is read."""
    data = body if isinstance(body, bytes) else body.encode()
    return Message("POST", "containers/create", framing=framing, body=data, rest=rest)


def listed(*query: tuple[str, str], rest: bytes = b"", keep_alive: bool = True) -> Message:
    """The list of containers, as it is read."""
    return Message("GET", "containers/json", query=query, rest=rest, keep_alive=keep_alive)


def got(path: str, version: int | None = 44, *query: tuple[str, str]) -> Message:
    """A bodyless GET, as it is read."""
    return Message("GET", path, version=version, query=query)


def refused(number: int, *variants: bytes, json: bool = False, status: int = 400) -> list[Entry]:
    """Entries that reading alone refuses."""
    return [
        Entry(f"{number}-{index}", variant, status, outcomes=(status,), json=json)
        for index, variant in enumerate(variants, 1)
    ]


def sent(number: int, data: bytes, message: Message, **more: object) -> Entry:
    """Make an entry that is forwarded, whose wire verdict suffices."""
    return Entry(f"{number}-sent", data, message, outcomes=SENT, **more)  # type: ignore[arg-type]


FRAMING: Final = (
    *refused(1, raw(f"{P}Content-Length: 4~Transfer-Encoding: chunked~~{K}{S}")),
    *refused(2, raw(f"{P}Transfer-Encoding: chunked~Content-Length: 4~~{K}{S}")),
    *refused(3, raw(f"{P}Content-Length: 13~Content-Length: 13~~{J}{S}")),
    *refused(4, raw(f"{P}Content-Length: 13~Content-Length: 5~~{J}{S}")),
    *(
        entry
        for number, value in (
            (5, "13, 13"),
            (6, "+13"),
            (7, "1_3"),
        )
        for entry in refused(number, raw(f"{P}Content-Length: {value}~~{J}{S}"))
    ),
    *refused(
        8,
        *(
            raw(f"{P}Content-Length: {value}~~{J}{S}")
            for value in ("0x0d", "-1", "", "\x0b13", "\xef\xbc\x91\xef\xbc\x93", "\xb9\xb3", "1 3")
        ),
    ),
    *refused(
        9,
        raw(f"{P}Content-Length: 18446744073709551629~~{J}{S}"),
        raw(f"{P}Content-Length: 9223372036854775808~~{J}"),
        raw(f"{P}Content-Length: {'9' * 5000}~~{J}"),
    ),
    Entry("10-zeros", raw(f"{P}Content-Length: 0013~~{J}{S}"), created(rest=NEXT), outcomes=SENT),
    Entry("10-tabs", raw(f"{P}Content-Length:\t13\t~~{J}{S}"), created(rest=NEXT), outcomes=SENT),
    *refused(11, raw(f"{P}Transfer-Encoding: identity~Content-Length: 13~~{J}{S}")),
    *refused(12, raw(f"{P}Transfer-Encoding: gzip, chunked~~{K}{S}")),
    *refused(13, raw(f"{P}Transfer-Encoding: chunked, identity~~{K}{S}")),
    sent(
        14,
        raw(f"{P}Transfer-Encoding: CHUNKED~~{K}{S}"),
        created(rest=NEXT, framing="chunked"),
        json=True,
    ),
    *refused(15, raw(f"{P}Transfer-Encoding: \x0bchunked~~{K}{S}")),
    *refused(
        16,
        raw(f"{P}Transfer-Encoding: chunked~Transfer-Encoding: chunked~~{K}{S}"),
        raw(f"{P}Transfer-Encoding: chunked~Transfer-Encoding: identity~~{K}{S}"),
    ),
    *refused(17, raw(f"{P}Transfer-Encoding: xchunked~Content-Length: 13~~{J}{S}")),
    *refused(18, raw(f"{P}Transfer-Encoding : chunked~Content-Length: 13~~{J}{S}")),
    *refused(19, raw(f"{P}Transfer-Encoding:~ chunked~~{K}{S}")),
    *refused(20, raw(f"{P}Transfer-Encoding:~Content-Length: 13~~{J}{S}")),
    *refused(21, raw(f"{P10}Transfer-Encoding: chunked~~{K}")),
    *refused(22, raw(f"{P10}Transfer-Encoding: chunked~Content-Length: 13~~{J}")),
    *refused(
        23,
        *(raw(f"{CHUNKED}{size}~{J}~0~~{S}") for size in ("0xd", "+d", "-d", " d", "0_d", "")),
    ),
    *refused(24, raw(f"{CHUNKED}d ~{J}~0~~{S}"), raw(f"{CHUNKED}d\t~{J}~0~~{S}")),
    *refused(25, raw(f"{CHUNKED}1000000000000000d~{J}~0~~{S}"), raw(f"{CHUNKED}{'0' * 16}d~{J}")),
    *refused(26, raw(f"{CHUNKED}d\n{J}~0~~")),
    *refused(27, raw(f"{CHUNKED}d;a\nb~{J}~0~~")),
    Entry("28-quoted", raw(f'{CHUNKED}d;x="y"~{J}~0~~'), created(framing="chunked"), outcomes=SENT),
    Entry("28-bare", raw(f"{CHUNKED}d;x~{J}~0;y=z~~"), created(framing="chunked"), outcomes=SENT),
    *refused(29, raw(f"{CHUNKED}d~{J}0~~")),
    *refused(30, raw(f"{CHUNKED}d~{J}\n0~~"), raw(f"{CHUNKED}d~{J}XX0~~")),
    *refused(31, raw(f"{CHUNKED}d~{J}~0\n\n"), raw(f"{CHUNKED}d~{J}~0~\n")),
    *refused(32, raw(f"{CHUNKED}d~{J}~0~Content-Length: 5~X-Registry-Auth: z~~{S}")),
    *refused(33, raw(f"{CHUNKED}d~{J}~0~GET /x HTTP/1.1~~{S}")),
    *refused(
        34,
        raw(CHUNKED + "".join(f"1;{'e' * 3000}~{letter}~" for letter in J) + "0~~"),
        raw(CHUNKED + "".join(f"1;{'e' * 250}~x~" for _ in range(70)) + "0~~"),
    ),
)

HEADERS: Final = (
    *refused(35, raw(f"GET {LIST} HTTP/1.1\nHost: d\n\n"), raw(f"GET {LIST} HTTP/1.1\nHost: d~~")),
    *refused(36, raw(f"GET {LIST} HTTP/1.1\rHost: d\r\r")),
    *refused(37, g(LIST, "X: a\rb~")),
    *refused(38, g(LIST, "X: a\nX-Y: b~")),
    *refused(
        39,
        *(g(LIST, f"{line}~") for line in ("X: a\0b", "X\0: a", "X", ": x", "X/Y: a", "X\xff: a")),
    ),
    *refused(40, g(LIST, "X: a\x01b~"), g(LIST, "X: a\x7fb~"), g(LIST, "X: a\x0bb~")),
    *refused(41, g(LIST, "X: a~ b~")),
    *refused(42, raw(f"GET {LIST} HTTP/1.1~ Host: d~~"), raw(f"GET {LIST} HTTP/1.1~\tX: d~~")),
    *refused(43, g(LIST, "X : a~"), g(LIST, "X\t: a~")),
    sent(44, b(J, "Content_Length: 5~"), created(), json=True),
    sent(45, g(LIST, "X: \xff\xfe~"), listed()),
    *refused(46, raw(f"GET {LIST} HTTP/1.1~~"), raw(f"GET {LIST} HTTP/1.1~X: d~~")),
    *refused(47, g(LIST, "Host: d~"), g(LIST, "host: e~")),
    *(
        Entry(f"{number}-unix-{index}", data, listed(), outcomes=SENT)
        for number, index, data in (
            (48, 1, raw(f"GET {LIST} HTTP/1.1~Host:~~")),
            (49, 1, raw(f"GET {LIST} HTTP/1.1~Host: /var/run/docker.sock~~")),
            (49, 2, raw(f"GET {LIST} HTTP/1.1~Host: a b~~")),
            (50, 1, raw(f"GET {LIST} HTTP/1.1~Host: %2Fvar%2Frun%2Fdocker.sock~~")),
        )
    ),
    *(
        Entry(f"{number}-tcp-{index}", data, listed(), By.PROXY, MALFORMED_OR_DENIED, tcp=True)
        for number, index, data in (
            (48, 1, raw(f"GET {LIST} HTTP/1.1~Host:~~")),
            (49, 1, raw(f"GET {LIST} HTTP/1.1~Host: /var/run/docker.sock~~")),
            (49, 2, raw(f"GET {LIST} HTTP/1.1~Host: a b~~")),
        )
    ),
    Entry("51-20kB", g(LIST, f"X: {'a' * 20000}~"), listed(), outcomes=SENT),
    Entry(
        "51-300",
        g(LIST, "".join(f"X-{n}: a~" for n in range(300))),
        listed(),
        outcomes=SENT,
    ),
    *refused(
        51,
        g(LIST, f"X: {'a' * 66000}~"),
        g(LIST, "".join(f"X-{n}: a~" for n in range(9000))),
        g(f"/{'a' * 66000}"),
        status=431,
    ),
)

REQUEST_LINES: Final = (
    *refused(52, raw(f"~~{S}"), raw(f"~{S}"), b"\n" + NEXT),
    *refused(53, raw(f"GET  {LIST}  HTTP/1.1~Host: d~~")),
    *refused(
        54,
        *(
            raw(f"{line}~Host: d~~")
            for line in (
                f"GET\t{LIST}\tHTTP/1.1",
                f" GET {LIST} HTTP/1.1",
                f"GET {LIST} HTTP/1.1 ",
                "GET /v1.44/containers /json HTTP/1.1",
            )
        ),
    ),
    *refused(55, raw("GET /x~"), raw(f"GET {LIST}~Host: d~~")),
    *refused(56, raw(f"GET {LIST} HTTP/1.2~Host: d~~")),
    *refused(57, raw(f"GET {LIST} HTTP/2.0~Host: d~~")),
    *refused(58, raw(f"GET {LIST} HTTP/01.1~Host: d~~"), raw(f"GET {LIST} http/1.1~Host: d~~")),
    *refused(59, raw("PRI * HTTP/2.0~~SM~~") + b"\0\0\0\x04\0\0\0\0\0"),
    *refused(
        60,
        *(
            raw(f"{method} {LIST} HTTP/1.1~Host: d~~")
            for method in ("get", "FOO", "PATCH", "TRACE", "M-SEARCH", "GE")
        ),
    ),
    Entry(
        "61-head",
        raw(f"HEAD {LIST} HTTP/1.1~Host: d~~"),
        Message("HEAD", "containers/json"),
        By.ENGINE,
        DENIED,
    ),
    Entry(
        "62-options",
        raw("OPTIONS /v1.44/containers/create HTTP/1.1~Host: d~~"),
        Message("OPTIONS", "containers/create"),
        By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    *refused(62, raw("OPTIONS * HTTP/1.1~Host: d~~")),
    *refused(
        63,
        raw("CONNECT d:80 HTTP/1.1~Host: d~~"),
        raw(f"CONNECT {LIST} HTTP/1.1~Host: d~~"),
    ),
    sent(64, g(LIST, "X-HTTP-Method-Override: POST~"), listed()),
)

TARGETS: Final = (
    *refused(65, g(f"http://evil{LIST}")),
    *refused(66, g(f"http://u:p@h{LIST}"), g(f"foo://x{LIST}")),
    *refused(67, g(f"http://{LIST}"), g(f"http:{LIST}")),
    *refused(68, g(f"/{LIST}")),
    *refused(69, g("v1.44/containers/json")),
    *refused(70, g(f"{LIST}#/x")),
    *refused(71, g(f"{LIST}?all=1#&limit=2")),
    *refused(72, g("/v1.44%2Fcontainers%2Fjson"), g("/v1.44/containers%2fjson")),
    Entry(
        "73-letters",
        g("/v1.44/%63ontainers/%6Ason"),
        listed(),
        By.ENGINE,
        MALFORMED_OR_DENIED,
        note="percent signs stand in object names alone",
    ),
    *refused(73, g("/%761.44/containers/json"), g("/v1%2e44/containers/json")),
    Entry(
        "74-twice",
        g("/v1.44/containers%252Fjson"),
        got("containers%2Fjson"),
        By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    *refused(
        75,
        g("/v1.44/images/../containers/json"),
        g("/v1.44/images/%2e%2e/containers/json"),
        g("/v1.44/images/.%2E/containers/json"),
        g("/v1.44/images%2f..%2fcontainers/json"),
        g("/v1.44/./containers/json"),
        g("/v1.44/containers/%2e/json"),
        g("/v1.44//containers/json"),
        g("/v1.44/containers//json"),
        g("/v1.44/containers/json//"),
        g("/v1.44/containers/json/.."),
    ),
    Entry("76-slash", g(f"{LIST}/"), got("containers/json/"), By.ENGINE, MALFORMED_OR_DENIED),
    Entry(
        "76-case", g("/v1.44/Containers/json"), got("Containers/json"), By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    Entry(
        "76-matrix", g("/v1.44/containers/json;x=1"), got("containers/json;x=1"), By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    *refused(
        76,
        g("/V1.44/containers/json"),
        g("/v1.44\\containers\\json"),
        g("/v1.44/containers%5cjson"),
    ),
    *refused(77, g("/v1.44/containers/a%00/json")),
    *refused(78, g("/v1.44/containers/a%0a/json"), g("/v1.44/containers/a%0D/json")),
    *refused(79, g("/v1.44/containers/%zz/json"), g("/v1.44/containers/a%2"), g("/v1.44/a%")),
    *refused(
        80,
        g("/v1.44/containers/\xc3\xbc/json"),
        g("/v1.44/containers/%ff/json"),
        g("/v1.44/containers/%c0%af/json"),
        g("/v1.44/containers/%ed%a0%80/json"),
    ),
    Entry(
        "81-blanks",
        raw("POST /v1.44/containers/%20victim%20/rename?name=x HTTP/1.1~Host: d~~"),
        Message("POST", "containers/ victim /rename", query=(("name", "x"),)),
        By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    Entry(
        "82-slash",
        g("/v1.44/containers/x/logs/json"),
        got("containers/x/logs/json"),
        By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    Entry(
        "82-json", g("/v1.44/containers/json/json"), got("containers/json/json"), By.ENGINE, SENT,
        note="inspect of a container named json",
    ),
    Entry(
        "82-prune",
        raw(P.replace("containers/create", "containers/prune/exec"))
        + raw('Content-Length: 16~~{"Cmd":["true"]}'),
        Message("POST", "containers/prune/exec", framing="length", body=b'{"Cmd":["true"]}'),
        By.ENGINE,
        SENT,
        json=True,
        note="exec in a container named prune",
    ),
    *refused(
        83,
        g("/v1.44./containers/json"),
        g("/v01.044/containers/json"),
        g("/v1.044/containers/json"),
        g("/v1.44.9.9/containers/json"),
        g("/v1/containers/json"),
        g("/v2.0/containers/json"),
    ),
    *refused(84, g("/v.../containers/json"), g("/v1.9999/containers/json"), g("/v1./info")),
    Entry("84-high", g("/v1.999/info"), got("info", 999), By.PROXY, REFUSED),
    Entry("84-floor", g("/v1.24/containers/json"), got("containers/json", 24), By.PROXY, SENT),
    Entry("84-below", g("/v1.23/containers/json"), got("containers/json", 23), By.PROXY, REFUSED),
    Entry(
        "85-twice", g("/v1.44/v1.44/containers/json"), got("v1.44/containers/json"), By.ENGINE,
        MALFORMED_OR_DENIED,
    ),
    Entry(
        "85-minus", g("/v1.-44/info"), got("v1.-44/info", None), By.ENGINE, MALFORMED_OR_DENIED
    ),
    Entry(
        "86-bare", g("/containers/json"), got("containers/json", None), By.PROXY, SENT,
        note="sent with the pinned version",
    ),
)  # fmt: skip

TAR_HEAD: Final = "Host: d~Content-Type: application/x-tar~Transfer-Encoding: chunked~~"

QUERIES: Final = (
    Entry(
        "87-twice", g(f"{LIST}?all=0&all=1"), listed(("all", "0"), ("all", "1")), By.POLICY,
        MALFORMED_OR_DENIED,
    ),
    Entry(
        "88-empty-first",
        raw(
            "POST /v1.44/images/create?fromImage=&fromImage=ok&fromSrc=http://evil HTTP/1.1~"
            "Host: d~~"
        ),
        Message(
            "POST",
            "images/create",
            query=(("fromImage", ""), ("fromImage", "ok"), ("fromSrc", "http://evil")),
        ),
        By.POLICY,
        MALFORMED_OR_DENIED,
    ),
    *refused(89, g(f"{LIST}?a=1;b=2&all=1")),
    *refused(90, raw(f"POST /v1.44/build?x=1;y&networkmode=host HTTP/1.1~{TAR_HEAD}0~~")),
    *refused(91, g(f"{LIST}?all=%zz&limit=1"), g(f"{LIST}?all=1%"), g(f"{LIST}?%a=1")),
    Entry(
        "92-case", g(f"{LIST}?ALL=1"), listed(("ALL", "1")), By.POLICY, MALFORMED_OR_DENIED
    ),
    Entry("92-percent", g(f"{LIST}?%61ll=1"), listed(("all", "1")), By.POLICY, SENT),
    *refused(92, g(f"{LIST}?=1"), g(f"{LIST}?all=1&&limit=1"), g(f"{LIST}?all=1&")),
    Entry(
        "93-boolean",
        raw("DELETE /v1.44/containers/x?force=off HTTP/1.1~Host: d~~"),
        Message("DELETE", "containers/x", query=(("force", "off"),)),
        By.POLICY,
        SENT_OR_REFUSED,
        note="off is true, as for the Engine",
    ),
    *refused(
        94,
        g(f"{LIST}?{'&'.join(['a=1'] * 10001)}"),
        g(f"{LIST}?{'&'.join(['a=1'] * 1001)}"),
    ),
)  # fmt: skip

PULL: Final = "POST /v1.44/images/create?fromImage=ok"
FORM: Final = "application/x-www-form-urlencoded"
PART: Final = '--q\r\nContent-Disposition: form-data; name="remote"\r\n\r\nhttp://evil\r\n--q--\r\n'

FORMS: Final = (
    *refused(
        95,
        *(
            form(PULL, media_type, "fromImage=evil")
            for media_type in (
                FORM,
                FORM.upper(),
                f"{FORM}; =x",
                f"{FORM};charset=utf-8",
                f"\t{FORM} ",
                "appl\xc4\xb0cation/x-www-form-urlencoded",  # Go lowers U+0130 to i
            )
        ),
        raw(
            f"{PULL} HTTP/1.1~Host: d~Content-Type: {FORM}~Transfer-Encoding: chunked~~"
            "e~fromImage=evil~0~~"
        ),
    ),
    *refused(
        96,
        raw(
            f"{PULL} HTTP/1.1~Host: d~Content-Type: {FORM}~Content-Type: application/json~"
            "Content-Length: 14~~fromImage=evil"
        ),
        raw(f"{P}Content-Type: text/plain~Content-Length: 13~~{J}"),
    ),
    *refused(
        97,
        form("POST /v1.44/build?networkmode=none", "multipart/form-data; boundary=q", PART),
        form("POST /v1.44/build?networkmode=none", "MULTIPART/mixed; boundary", PART),
    ),
    *refused(
        98,
        form("DELETE /v1.44/containers/x", FORM, "force=1"),
        form(f"GET {LIST}", FORM, "all=1"),
    ),
    *refused(99, form("PUT /v1.44/containers/x/archive?path=/tmp", FORM, "path=/etc")),
)

DOCUMENTS: Final = (
    *(
        Entry(
            f"100-{index}",
            b(J).replace(b"Content-Type: application/json\r\n", line.encode()),
            created(),
            By.PROXY,
            REFUSED,
            note="a JSON route takes JSON alone",
        )
        for index, line in enumerate(
            (
                "",
                "Content-Type: text/plain\r\n",
                "Content-Type: application/json, text/plain\r\n",
                "Content-Type: application/json; foo\r\n",
                "Content-Type: application/vnd.docker+json\r\n",
            ),
            1,
        )
    ),
    Entry(
        "101-case",
        b(J).replace(b"application/json", b"APPLICATION/JSON"),
        created(),
        By.PROXY,
        SENT,
    ),
    Entry(
        "101-charset",
        b(J).replace(b"application/json", b"application/json; charset=utf-16"),
        created(),
        By.PROXY,
        SENT_OR_REFUSED,
        note="read as UTF-8 whatever it says; never forwarded with another charset",
    ),
    *refused(
        102,
        b('{"Image":"a","HostConfig":{"Privileged":true},"HostConfig":{"Memory":0}}'),
        json=True,
    ),
    *refused(103, b('{"Image":"a","HostConfig":{"Privileged":true,"Privileged":null}}'), json=True),
    *(
        Entry(id_, b(body), created(body), By.POLICY, MALFORMED_OR_DENIED, json=True)
        for id_, body in (
            ("104-lower", '{"image":"a","hostconfig":{"privileged":true,"BINDS":["/:/h"]}}'),
            ("105-variant", '{"Image":"a","HostConfig":{"Privileged":false,"PRIVILEGED":true}}'),
            ("106-long-s", '{"Image":"a","Ho\u017ftConfig":{"Privileged":true}}'),
            ("106-kelvin", '{"Image":"a","HostConfig":{"Networ\u212aMode":"host"}}'),
        )
    ),
    Entry(
        "107-escaped",
        b('{"Image":"a","HostConfig":{"\\u0050rivileged":true}}'),
        created('{"Image":"a","HostConfig":{"\\u0050rivileged":true}}'),
        By.POLICY,
        SENT,
        json=True,
        note="judged and forwarded as Privileged",
    ),
    *refused(
        108,
        b(
            '{"Image":"a","HostConfig":{"Mounts":[{"Type":"bind","Source":"/","Target":"/h"}],'
            '"Mounts":[{"Type":"bind"}]}}'
        ),
        json=True,
    ),
    *refused(109, b('{"Image":"a"}}'), b('{"Image":"a"}]x{"HostConfig":{}}'), json=True),
    *refused(
        110,
        b(J + J),
        b(J + "\0"),
        b("\ufeff" + J),
        b(J.encode("utf-16")),
        b(J.encode("utf-16-le")),
        b('{"Image":NaN}'),
        b('{"Image":"a"/*x*/}'),
        json=True,
    ),
    Entry("110-array", b("[1]"), created("[1]"), By.PROXY, REFUSED, json=True),
    *refused(111, b(b'{"Image":"a\xff"}'), b('{"Image":"a\\ud800"}'), json=True),
    *refused(
        112,
        *(b(f'{{"Image":"a","X":{"[" * depth}{"]" * depth}}}') for depth in (64, 3000, 11000)),
        json=True,
    ),
    *(
        Entry(id_, b(body), created(body), By.POLICY, MALFORMED_OR_DENIED, json=True)
        for id_, body in (
            ("113-top-level", '{"Image":"a","Privileged":true,"Binds":["/:/h"]}'),
            ("114-type", '{"Image":"a","HostConfig":{"CapAdd":"ALL"}}'),
        )
    ),
    Entry(
        "115-empty-list",
        b('{"Image":"a","HostConfig":{"MaskedPaths":[]}}'),
        created('{"Image":"a","HostConfig":{"MaskedPaths":[]}}'),
        By.POLICY,
        SENT_OR_REFUSED,
        json=True,
        note="if forwarded then as the empty list, which is not null",
    ),
    Entry(
        "116-gzip",
        b(gzip.compress(J.encode(), mtime=0), "Content-Encoding: gzip~"),
        created(gzip.compress(J.encode(), mtime=0)),
        By.PROXY,
        REFUSED,
    ),
)

SWITCHES: Final = (
    *refused(117, g(LIST, "Content-Length: 46~") + NEXT[:46].ljust(46, b" ")),
    Entry(
        "118-chunked",
        g(LIST, "Transfer-Encoding: chunked~") + raw(f"0~~{S}"),
        Message("GET", "containers/json", framing="chunked", rest=NEXT),
        By.PROXY,
        SENT,
        note="the first alone, then the connection closes",
    ),
    Entry("118-pipelined", g(LIST) + NEXT, listed(rest=NEXT), By.PROXY, SENT),
    Entry(
        "118-no-length",
        raw(f"POST /v1.44/containers/x/start HTTP/1.1~Host: d~~{S}"),
        Message("POST", "containers/x/start", rest=NEXT),
        By.PROXY,
        SENT,
    ),
    *refused(119, b(J, "Expect: foo~")),
    sent(120, b(J, "Expect: 100-continue~"), created(), json=True),
    *refused(120, b(J, "Expect: 100-continue~Expect: foo~"), b(J, "Expect: 100-continue, foo~")),
    Entry(
        "121-upgrade",
        b(J, UPGRADE) + NEXT,
        Message(
            "POST",
            "containers/create",
            framing="length",
            body=J.encode(),
            rest=NEXT,
            upgrade="tcp",
        ),
        By.PROXY,
        SENT,
        json=True,
        note="Upgrade is stripped and the connection closes after the answer",
    ),
    *(
        Entry(
            f"122-{token}",
            g(LIST, f"Connection: {options}~Upgrade: {token}~{extra}") + NEXT,
            Message("GET", "containers/json", rest=NEXT, upgrade=token),
            By.PROXY,
            SENT,
            note="Upgrade is stripped and the connection closes after the answer",
        )
        for token, options, extra in (
            ("websocket", "Upgrade", ""),
            ("h2c", "Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__~"),
        )
    ),
    *(
        Entry(
            f"123-{index}",
            raw(f"POST /v1.44/containers/x/attach HTTP/1.1~Host: d~{extra}~"),
            Message("POST", "containers/x/attach", upgrade=upgrade),
            By.PROXY,
            REFUSED,
        )
        for index, extra, upgrade in (
            (1, "Upgrade: tcp~", ""),
            (2, "Connection: Upgrade~Upgrade: whatever~", "whatever"),
            (3, "Connection: Upgrade~Upgrade: tcp, h2c~", "tcp, h2c"),
        )
    ),
    Entry(
        "123-twice",
        raw(f"POST /v1.44/containers/x/attach HTTP/1.1~Host: d~{UPGRADE}Upgrade: tcp~~"),
        400,
    ),
    Entry(
        "124-plain",
        raw("POST /v1.44/containers/x/attach HTTP/1.1~Host: d~~"),
        Message("POST", "containers/x/attach"),
        By.PROXY,
        SENT,
    ),
    Entry(
        "125-early",
        raw(f"POST /v1.44/containers/x/attach?stdin=1&stream=1 HTTP/1.1~Host: d~{UPGRADE}~early"),
        Message(
            "POST",
            "containers/x/attach",
            query=(("stdin", "1"), ("stream", "1")),
            rest=b"early",
            upgrade="tcp",
        ),
        By.PROXY,
        SENT,
        note="the early bytes are held until the Engine has answered",
    ),
    Entry(
        "126-chunked",
        raw(
            f"POST /v1.44/exec/e/start HTTP/1.1~Host: d~{UPGRADE}Content-Type: application/json~"
            "Transfer-Encoding: chunked~~2~{}~0~~early"
        ),
        Message(
            "POST", "exec/e/start", framing="chunked", body=b"{}", rest=b"early", upgrade="tcp"
        ),
        By.PROXY,
        SENT,
        json=True,
    ),
    Entry(
        "126-empty",
        raw(f"POST /v1.44/exec/e/start HTTP/1.1~Host: d~{UPGRADE}Content-Length: 0~~"),
        Message("POST", "exec/e/start", framing="length", upgrade="tcp"),
        By.PROXY,
        SENT_OR_REFUSED,
        note="if forwarded then as an explicit document",
    ),
    Entry(
        "127-session",
        raw("POST /v1.44/session HTTP/1.1~Host: d~Connection: Upgrade~Upgrade: h2c~~"),
        Message("POST", "session", upgrade="h2c"),
        By.POLICY,
        DENIED,
        note="under a policy that does not grant build.session",
    ),
    *refused(
        128,
        b(J, "Connection: Content-Type~"),
        b(J, "Connection: close, X-Registry-Auth~"),
        b(J, "Connection: close~Connection: foo~"),
        b(J, "Connection:~"),
    ),
    Entry(
        "129-close",
        g(LIST, "Connection: close~") + NEXT,
        listed(rest=NEXT, keep_alive=False),
        By.PROXY,
        SENT,
    ),
    Entry(
        "129-old",
        raw(f"GET {LIST} HTTP/1.0~Connection: keep-alive~~{S}"),
        listed(rest=NEXT, keep_alive=False),
        By.PROXY,
        SENT,
    ),
    Entry(
        "129-bare",
        raw(f"GET {LIST} HTTP/1.0~~"),
        listed(keep_alive=False),
        By.PROXY,
        SENT,
        note="Fluent Bit sends such a request",
    ),
    *refused(130, raw(f"{P}Content-Length: 5~~{J}"), json=True),
)

TOLERATED: Final = (
    *(
        Entry(f"{number}-client", g(LIST + query), listed(*pairs), By.WIRE, SENT, note=note)
        for number, query, pairs, note in (
            (
                131,
                '?filters={"status":["running"]}',
                (("filters", '{"status":["running"]}'),),
                "autoheal sends raw brackets",
            ),
            (132, "?", (), "docker-gen sends an empty query"),
            (
                133,
                "?filters=%7B%22label%22%3A+%5B%22a%3Db%22%5D%7D&all=1",
                (("filters", '{"label": ["a=b"]}'), ("all", "1")),
                "docker-py sends + for a blank",
            ),
        )
    ),
    Entry(
        "134-client",
        g("/v1.44/events", "Accept: application/jsonl~Accept: application/x-ndjson~Accept: a/b~"),
        got("events"),
        By.WIRE,
        SENT,
        note="the Engine's own client sends three Accept lines",
    ),
    Entry(
        "135-client",
        raw("POST /v1.44/containers/x/kill?signal=1 HTTP/1.1~Host:~Content-Type: plain/text~")
        + raw("Content-Length: 0~~"),
        Message("POST", "containers/x/kill", query=(("signal", "1"),), framing="length"),
        By.PROXY,
        SENT,
        note="go-dockerclient names a strange type on an empty body",
    ),
    Entry(
        "136-client",
        g("/v1.44/images/ghcr.io/a/b%40sha256:" + "0" * 64 + "/json"),
        got("images/ghcr.io/a/b@sha256:" + "0" * 64 + "/json"),
        By.ENGINE,
        SENT,
    ),
)

ENTRIES: Final = (
    *FRAMING,
    *HEADERS,
    *REQUEST_LINES,
    *TARGETS,
    *QUERIES,
    *FORMS,
    *DOCUMENTS,
    *SWITCHES,
    *TOLERATED,
)
