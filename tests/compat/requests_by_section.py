"""The requests of the Engine API by the section that opens them in the two dialects.

Written from the rules as they were measured, and from the API documents; never from the code. Of
each section: what GET and HEAD ask, and what takes another method. A body stands behind the path.
"""

from __future__ import annotations

SECTIONS: dict[str, tuple[str, str]] = {
    "AUTH": ("", 'POST /v1.47/auth {"username":"a"}'),
    "BUILD": (
        "",
        """
        POST /v1.47/build?t=app
        POST /build?remote=https://example.com/x.git&networkmode=host
        POST /v1.47/build/prune?all=1
        POST /v1.47/build/cancel?id=1
        """,
    ),
    "COMMIT": ("", "POST /v1.47/commit?container=web&repo=app&changes=USER+root {}"),
    "CONFIGS": (
        "GET /v1.47/configs\nGET /configs/c1",
        """
        POST /v1.47/configs/create {"Name":"c1","Data":"eA=="}
        POST /configs/c1/update?version=3 {"Name":"c1"}
        DELETE /v1.47/configs/c1
        """,
    ),
    "CONTAINERS": (
        """
        GET /containers/json
        GET /v1.24/containers/json?all=1
        GET /v1.47/containers/json?filters={"label":["a=b"]}
        GET /containers/web/json
        GET /v1.47/containers/4f5e6d7c8b9a/json?size=1
        GET /containers/web/stats?stream=0
        GET /containers/my_app-1.db/json
        GET /v1.47/containers/web/checkpoints
        """,
        """
        POST /containers/create?name=web {"Image":"alpine"}
        POST /v1.47/containers/create {"HostConfig":{"Privileged":true,"Binds":["/:/h"]}}
        POST /containers/web/start
        POST /v1.47/containers/web/stop?t=10
        POST /containers/web/restart?signal=SIGTERM
        POST /containers/web/kill?signal=HUP
        POST /containers/web/pause
        POST /containers/web/unpause
        POST /containers/web/wait?condition=removed
        POST /containers/web/resize?h=24&w=80
        POST /v1.47/containers/web/attach?stdin=1&stdout=1&stream=1&logs=1
        POST /containers/web/exec {"Cmd":["sh"],"Privileged":true}
        POST /containers/web/rename?name=old
        POST /containers/web/update {"Memory":1000000}
        POST /containers/prune
        POST /containers/web/checkpoints {"CheckpointID":"c","CheckpointDir":"/x"}
        DELETE /containers/web?force=1&v=1
        DELETE /containers/web/checkpoints/c
        """,
    ),
    "DISTRIBUTION": ("GET /v1.47/distribution/ghcr.io/acme/app:1/json", ""),
    "EXEC": (
        "GET /v1.47/exec/4bb9a7d1c0de/json",
        """
        POST /v1.47/exec/4bb9a7d1c0de/start {"Detach":false,"Tty":false}
        POST /exec/4bb9a7d1c0de/resize?h=24&w=80
        """,
    ),
    "GRPC": ("", "POST /v1.47/grpc"),
    "IMAGES": (
        """
        GET /images/json
        GET /v1.47/images/json?manifests=1
        GET /images/ghcr.io/acme/app:1/json
        GET /v1.47/images/alpine/history
        GET /images/alpine/get
        GET /images/get?names=alpine
        GET /images/search?term=nginx
        """,
        """
        POST /images/create?fromImage=alpine&tag=3
        POST /images/create?fromSrc=https://example.com/x.tar&repo=app
        POST /images/load?quiet=1
        POST /images/alpine/push?tag=3
        POST /images/alpine/tag?repo=mine&tag=1
        POST /images/prune?filters={"dangling":["true"]}
        DELETE /v1.47/images/alpine?force=1
        """,
    ),
    "INFO": ("GET /info\nGET /v1.47/info", ""),
    "NETWORKS": (
        "GET /networks\nGET /v1.47/networks/bridge",
        """
        POST /networks/create {"Name":"n","Driver":"macvlan"}
        POST /networks/n/connect {"Container":"web"}
        POST /networks/n/disconnect {"Container":"web","Force":true}
        POST /networks/prune
        DELETE /networks/n
        """,
    ),
    "NODES": (
        "GET /nodes\nGET /v1.47/nodes/n1",
        """
        POST /nodes/n1/update?version=8 {"Availability":"drain","Role":"manager"}
        DELETE /nodes/n1?force=1
        """,
    ),
    "PLUGINS": (
        """
        GET /plugins
        GET /plugins/acme/p:latest/json
        GET /plugins/privileges?remote=acme/p
        """,
        """
        POST /plugins/pull?remote=acme/p []
        POST /plugins/create?name=p
        POST /plugins/acme/p/enable?timeout=0
        POST /plugins/acme/p/disable
        POST /plugins/acme/p/set ["DEBUG=1"]
        POST /plugins/acme/p/upgrade?remote=acme/p:2 []
        POST /plugins/acme/p/push
        DELETE /plugins/acme/p?force=1
        """,
    ),
    "SECRETS": (
        "GET /secrets\nGET /v1.47/secrets/s1",
        """
        POST /secrets/create {"Name":"s1","Data":"eA=="}
        POST /secrets/s1/update?version=2 {"Name":"s1"}
        DELETE /secrets/s1
        """,
    ),
    "SERVICES": (
        """
        GET /services?status=true
        GET /v1.47/services/web
        GET /services/web/logs?stdout=1&follow=1
        """,
        """
        POST /services/create {"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"nginx"}}}
        POST /services/web/update?version=4&rollback=previous {"Name":"web"}
        DELETE /services/web
        """,
    ),
    "SESSION": ("", "POST /v1.47/session"),
    "SWARM": (
        "GET /swarm\nGET /v1.47/swarm/unlockkey",
        """
        POST /swarm/init {"ListenAddr":"0.0.0.0:2377"}
        POST /swarm/join {"RemoteAddrs":["10.0.0.1"],"JoinToken":"x"}
        POST /swarm/leave?force=1
        POST /swarm/update?version=1&rotateWorkerToken=1 {}
        POST /swarm/unlock {"UnlockKey":"k"}
        """,
    ),
    "SYSTEM": ("GET /system/df\nGET /v1.47/system/df?type=image&type=volume", ""),
    "TASKS": ("GET /tasks\nGET /v1.47/tasks/t1\nGET /tasks/t1/logs?stdout=1", ""),
    "VOLUMES": (
        "GET /volumes\nGET /v1.47/volumes/data",
        """
        POST /volumes/create {"Name":"x","DriverOpts":{"type":"none","o":"bind","device":"/"}}
        POST /volumes/prune?filters={"all":["true"]}
        PUT /v1.47/volumes/data?version=1 {}
        DELETE /volumes/data?force=1
        """,
    ),
}
"""Off unless they are set, in both dialects."""

ON_BY_DEFAULT: dict[str, str] = {
    "EVENTS": """
        GET /events
        GET /v1.47/events?since=1&filters={"type":{"container":true}}
        """,
    "PING": "GET /_ping\nHEAD /_ping\nGET /v1.44/_ping\nHEAD /v1.24/_ping",
    "VERSION": "GET /version\nGET /v1.47/version",
}

SUB_RESOURCES: dict[str, str] = {
    "ARCHIVE": """
        GET /containers/web/archive?path=/etc
        HEAD /v1.47/containers/web/archive?path=/etc
        """,
    "CHANGES": "GET /v1.47/containers/web/changes",
    "EXPORT": "GET /containers/web/export",
    "LOGS": """
        GET /containers/web/logs?stdout=1&follow=1
        GET /v1.47/containers/4f5e6d7c8b9a/logs?stderr=1&tail=10
        """,
    "TOP": "GET /containers/web/top\nGET /v1.47/containers/web/top?ps_args=eww",
}
"""Part of CONTAINERS for the one, shut off by name for the other."""

WRITE_OF_A_SUB_RESOURCE = "PUT /v1.47/containers/web/archive?path=/etc"

ACTIONS: dict[str, str] = {
    "START": "POST /containers/web/start\nPOST /v1.47/containers/a_b.c-1/start",
    "STOP": "POST /containers/web/stop\nPOST /v1.47/containers/web/stop?t=5",
    "RESTARTS": """
        POST /containers/web/restart?t=10
        POST /v1.47/containers/web/stop
        POST /containers/web/kill?signal=SIGHUP
        """,
}
PAUSES: dict[str, str] = {
    "PAUSE": "POST /v1.47/containers/web/pause",
    "UNPAUSE": "POST /containers/web/unpause",
}

NEVER = """
    GET /debug/pprof/
    GET /v1.47/debug/vars
    GET /libpod/info
    GET /v1.47/libpod/containers/json
    GET /v4.0.0/libpod/_ping
    POST /v4.0.0/libpod/containers/web/start
    GET //_ping
    GET /vv1.41/_ping
    GET /%255fping
    GET /
    GET /nothing
    POST /containers/web/copy {"Resource":"/etc"}
    """
"""Refused by both with every variable on, and by sockguard."""

LET_THROUGH_THERE = """
    GET /_pingfoo
    GET /versions
    GET /v./_ping
    GET /v1..41/_ping
    GET /V1.41/VERSION
    GET /_PING
    GET /%5fping
    GET /_ping/../containers/json
    GET /_ping/%2e%2e/containers/json
    GET /version%00x
    GET /containers/web%2Fjson
    GET /containers//json
    GET /containers/./json
    GET /v2.0/containers/json
    GET http://docker/_ping
    HEAD /containers/json
    GET /networks/
    GET /containers/json?all=1&all=0
    GET /containers/json?filters=[]
    OPTIONS /containers/json
    TRACE /version
    FOO /version
    PATCH /containers/web
    PUT /containers/web
    DELETE /version
    POST /_ping
    GET /containers/web/start
    GET /containers/create
    """
"""Let through there with every variable on, and sent by no known program: sockguard refuses it."""


def lines(text: str) -> list[str]:
    """The requests in a text, one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]
