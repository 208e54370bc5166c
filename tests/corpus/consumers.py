"""What well-known programs ask of the Engine, one row for each call, by the role that is for them.

The rows are from captures of these programs and from their source, in the spelling that each has:
with a version or without, booleans and filters as its library writes them, headers only where they
matter. They know nothing of sockguard's code. In a row

- `{c}` is a container that is there, with the labels of its role in LABELS,
- `{made}` the object that the client's last create answered with, `{exec}` its last exec,
- `{node}` the one node of the swarm, `{role}` the role.

The rows of a role are sent in this order. LEFT_OUT has what some of these programs can ask for,
and their role leaves out on purpose.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `opens` says that its answer does not end by itself."""

    do: str
    body: object = None
    headers: str = ""
    opens: bool = False
    http: str = "HTTP/1.1"


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


TAR = _tar({"settings": b"x\n", "Dockerfile": b"FROM busybox\n"})

NGINX = "com.github.nginx-proxy.nginx"
JRCS = "com.github.jrcs.letsencrypt_nginx_proxy_companion"
LABELS: Mapping[str, dict[str, str]] = {
    "acme-companion": {f"{JRCS}.docker_gen": "", NGINX: ""},
    "acme-companion-exec": {NGINX: ""},
    "autoheal": {"autoheal": "true"},
    "deploy-bot": {"deploy": "true"},
    "docker-volume-backup": {"docker-volume-backup.stop-during-backup": "true"},
    "docker-volume-backup-exec": {
        "docker-volume-backup.stop-during-backup": "true",
        "docker-volume-backup.exec-label": "app",
    },
    "dozzle-shell": {"sockguard.shell": "true"},
    "nginx-proxy-notify": {"com.github.nginx-proxy.nginx-proxy.nginx": ""},
    "ofelia": {"ofelia.enabled": "true"},
    "watchtower": {"com.centurylinklabs.watchtower.enable": "true"},
}
"""What the container that a role is meant to act on has to be labelled with."""

RELOAD = (
    "/app/docker-entrypoint.sh /usr/local/bin/docker-gen /app/nginx.tmpl"
    " /etc/nginx/conf.d/default.conf; /usr/sbin/nginx -s reload"
)

NOTHING_ASKED: dict[str, Any] = {
    "Binds": None,
    "ContainerIDFile": "",
    "LogConfig": {"Type": "", "Config": {}},
    "NetworkMode": "default",
    "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "VolumeDriver": "",
    "VolumesFrom": None,
    "ConsoleSize": [0, 0],
    "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "",
    "Dns": [],
    "DnsOptions": [],
    "DnsSearch": [],
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "",
    "Cgroup": "",
    "Links": None,
    "OomScoreAdj": 0,
    "PidMode": "",
    "Privileged": False,
    "PublishAllPorts": False,
    "ReadonlyRootfs": False,
    "SecurityOpt": None,
    "UTSMode": "",
    "UsernsMode": "",
    "ShmSize": 0,
    "Isolation": "",
    "CpuShares": 0,
    "Memory": 0,
    "NanoCpus": 0,
    "CgroupParent": "",
    "BlkioWeight": 0,
    "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [],
    "CpuPeriod": 0,
    "CpuQuota": 0,
    "CpusetCpus": "",
    "Devices": [],
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "MemoryReservation": 0,
    "MemorySwap": 0,
    "MemorySwappiness": -1,
    "OomKillDisable": False,
    "PidsLimit": 0,
    "Ulimits": [],
    "MaskedPaths": None,
    "ReadonlyPaths": None,
}
"""The HostConfig of `docker run` without a flag: it sends every field."""


def _docker_run(**host_config: object) -> dict[str, Any]:
    """The body of `docker run redis:7` with these differences."""
    return {
        "Hostname": "",
        "User": "",
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "Env": None,
        "Cmd": ["sleep", "infinity"],
        "Image": "redis:7",
        "Volumes": {},
        "Entrypoint": None,
        "Labels": {},
        "HostConfig": NOTHING_ASKED | host_config,
        "NetworkingConfig": {"EndpointsConfig": {}},
    }


DOCKER_GEN = (
    Call("GET /version"),
    Call("GET /info"),
    Call('GET /containers/json?all=1&filters={"status":["running"]}'),
    Call("GET /networks"),
    Call("GET /containers/{c}/json?"),
    Call('GET /events?filters={"event":["start","stop","die","health_status"]}', opens=True),
    Call("GET /_ping"),
)
COMPANION = (*DOCKER_GEN, Call("GET /containers/json"), Call("GET /containers/{c}/json"))

CADDY = (
    Call("HEAD /_ping"),
    Call("GET /v1.47/info"),
    Call("GET /v1.47/networks"),
    Call("GET /v1.47/containers/json"),
    Call("GET /v1.47/containers/{c}/json"),
    Call("GET /v1.47/networks/bridge"),
    Call(
        'GET /v1.47/events?filters={"scope":{"local":true,"swarm":true},'
        '"type":{"config":true,"container":true,"service":true}}',
        opens=True,
    ),
)

DOZZLE = (
    Call("HEAD /_ping"),
    Call("GET /v1.47/version"),
    Call("GET /v1.47/info"),
    Call("GET /v1.47/containers/json?all=1"),
    Call("GET /v1.47/containers/{c}/json"),
    Call("GET /v1.47/containers/{c}/stats?stream=true", opens=True),
    Call("GET /v1.47/containers/{c}/stats?stream=1", opens=True),
    Call("GET /v1.47/events", opens=True),
    Call(
        "GET /v1.47/containers/{c}/logs?follow=1&since=1&stderr=1&stdout=1&tail=300&timestamps=1",
        opens=True,
    ),
    Call("GET /v1.47/containers/{c}/logs?since=1&stderr=1&stdout=1&timestamps=1&until=2"),
)

LAZYDOCKER = (
    Call("HEAD /_ping"),
    Call("GET /v1.47/info"),
    Call("GET /v1.47/containers/json?all=1"),
    Call("GET /v1.47/containers/{c}/json"),
    Call("GET /v1.47/events", opens=True),
    Call("GET /v1.47/containers/{c}/stats?stream=1", opens=True),
    Call("GET /v1.47/containers/{c}/top"),
    Call("GET /v1.47/containers/{c}/logs?follow=1&stderr=1&stdout=1&timestamps=1", opens=True),
    Call("GET /v1.47/images/json"),
    Call("GET /v1.47/images/nginx:1.27/history"),
    Call("GET /v1.47/networks"),
    Call("GET /v1.47/volumes"),
)

BACKUP_LABEL = "docker-volume-backup.stop-during-backup=true"
BACKUP = (
    Call("HEAD /_ping"),
    Call("GET /v1.47/info"),
    Call("GET /v1.47/containers/json"),
    Call(f'GET /v1.47/containers/json?filters={{"label":{{"{BACKUP_LABEL}":true}}}}'),
    Call("POST /v1.47/containers/{c}/stop"),
    Call("POST /v1.47/containers/{c}/start"),
)

PORTAINER_READS = (
    Call("GET /_ping"),
    Call("GET /v1.41/info"),
    Call("GET /info"),
    Call("GET /version"),
    Call("GET /containers/json?all=1"),
    Call("GET /containers/{c}/json"),
    Call("GET /containers/{c}/stats?stream=false"),
    Call("GET /images/json?all=0"),
    Call("GET /images/nginx:1.27/json"),
    Call("GET /images/nginx:1.27/history"),
    Call("GET /networks"),
    Call("GET /networks/bridge"),
    Call("GET /volumes"),
    Call("GET /volumes/db-data"),
    Call("GET /events?since=1&until=2"),
    Call("GET /plugins"),
    Call("GET /system/df"),
    Call("GET /swarm"),
    Call("GET /nodes"),
    Call("GET /services"),
    Call("GET /services/web"),
    Call("GET /tasks"),
    Call("GET /configs"),
    Call("GET /secrets"),
)

TESTCONTAINERS = (
    Call("GET /v1.44/_ping"),
    Call("GET /v1.44/info"),
    Call("GET /version"),
    Call("GET /v1.44/images/json"),
    Call("POST /v1.44/images/create?fromImage=redis&tag=7"),
    Call("GET /v1.44/images/redis:7/json"),
    Call(
        "POST /v1.44/networks/create",
        {"Name": "{role}-net", "Labels": {"org.testcontainers": "true"}},
    ),
    Call(
        "POST /v1.44/containers/create?name={role}-db",
        {
            "Image": "redis:7",
            "Labels": {"org.testcontainers": "true", "org.testcontainers.sessionId": "x"},
            "ExposedPorts": {"6379/tcp": {}},
            "HostConfig": {
                "PublishAllPorts": True,
                "PortBindings": {"6379/tcp": [{"HostIp": "", "HostPort": ""}]},
                "NetworkMode": "{role}-net",
                "Privileged": False,
                "Binds": [],
            },
        },
    ),
    Call("PUT /v1.44/containers/{role}-db/archive?path=/", TAR),
    Call("POST /v1.44/containers/{role}-db/start"),
    Call("GET /v1.44/containers/{role}-db/json"),
    Call("GET /v1.44/containers/{role}-db/logs?follow=true&stderr=true&stdout=true", opens=True),
    Call(
        "POST /v1.44/containers/{role}-db/exec",
        {"AttachStdout": True, "AttachStderr": True, "Cmd": ["echo", "PING"]},
    ),
    Call("POST /v1.44/exec/{exec}/start", {"Detach": False, "Tty": False}),
    Call("GET /v1.44/exec/{exec}/json"),
    Call("GET /v1.44/containers/{role}-db/archive?path=/settings"),
    Call("GET /v1.44/networks"),
    Call("POST /v1.44/containers/{role}-db/stop?t=1"),
)

CALLS: Mapping[str, tuple[Call, ...]] = {
    # --- reverse proxies -------------------------------------------------------------------------
    "nginx-proxy": (
        *DOCKER_GEN,
        Call(
            'GET /events?filters={"event":["start","stop","die","health_status","connect",'
            '"disconnect"]}',
            opens=True,
        ),
    ),
    "nginx-proxy-notify": (
        *DOCKER_GEN,
        Call('GET /containers/json?filters={"label":["com.github.nginx-proxy.nginx-proxy.nginx"]}'),
        Call("POST /containers/{c}/kill?signal=1", headers="Content-Type: plain/text\r\n"),
    ),
    "acme-companion": (
        *COMPANION,
        Call(
            "POST /containers/{c}/kill?signal=SIGHUP", headers="Content-Type: application/json\r\n"
        ),
    ),
    "acme-companion-exec": (
        *COMPANION,
        Call(
            "POST /containers/{c}/exec",
            {
                "AttachStdin": False,
                "AttachStdout": True,
                "AttachStderr": True,
                "Tty": False,
                "Cmd": ["sh", "-c", RELOAD],
            },
        ),
        Call("POST /exec/{exec}/start", {"Detach": False, "Tty": False}),
    ),
    "traefik": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/version"),
        Call("GET /v1.47/containers/json?all=1"),
        Call("GET /v1.24/containers/json"),
        Call("GET /v1.47/containers/{c}/json"),
        Call('GET /v1.47/events?filters={"type":{"container":true}}', opens=True),
    ),
    "traefik-swarm": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/version"),
        Call("GET /v1.47/services"),
        Call('GET /v1.47/networks?filters={"scope":{"swarm":true}}'),
        Call('GET /v1.47/tasks?filters={"desired-state":{"running":true},"service":{"web":true}}'),
        Call("GET /v1.47/nodes/{node}"),
    ),
    "caddy-docker-proxy": CADDY,
    "caddy-docker-proxy-swarm": (
        *CADDY,
        Call("GET /v1.47/configs"),
        Call("GET /v1.47/configs/caddyfile"),
        Call("GET /v1.47/services"),
        Call('GET /v1.47/tasks?filters={"desired-state":{"running":true},"service":{"web":true}}'),
    ),
    # --- management ------------------------------------------------------------------------------
    "portainer-read-only": PORTAINER_READS,
    "portainer": (
        *PORTAINER_READS,
        Call("GET /containers/{c}/logs?stdout=1&stderr=1&tail=100"),
        Call("GET /containers/{c}/top"),
        Call("POST /containers/{c}/stop"),
        Call("POST /containers/{c}/start"),
        Call("POST /containers/{c}/restart"),
        Call("POST /containers/{c}/pause"),
        Call("POST /containers/{c}/unpause"),
        Call("POST /containers/{c}/update", {"RestartPolicy": {"Name": "always"}}),
        Call("POST /containers/{c}/exec", {"AttachStdin": True, "Tty": True, "Cmd": ["sh"]}),
        Call("POST /exec/{exec}/start", {"Tty": True}, UPGRADE, opens=True),
        Call("POST /exec/{exec}/resize?h=24&w=80"),
        Call(
            "POST /containers/{c}/attach?stdin=1&stdout=1&stderr=1&stream=1",
            headers=UPGRADE,
            opens=True,
        ),
        Call("POST /commit?container={c}&repo=portainer-made", {}),
        Call("POST /containers/{c}/rename?name={role}-renamed"),
        Call("POST /containers/{role}-renamed/kill"),
        Call("DELETE /containers/{role}-renamed?force=true&v=1"),
        Call("POST /images/create?fromImage=busybox:1.37"),
        Call("POST /images/busybox:1.37/tag?repo=portainer-tagged"),
        Call("GET /images/portainer-tagged/get"),
        Call("DELETE /images/portainer-tagged?force=true"),
        Call("POST /networks/create", {"Name": "{role}-net", "Driver": "bridge"}),
        Call("POST /volumes/create", {"Name": "{role}-data", "Driver": "local"}),
        Call(
            "POST /containers/create?name={role}-new",
            {"Image": "busybox", "HostConfig": {"Binds": ["/srv:/srv"], "Privileged": True}},
        ),
        Call("POST /networks/{role}-net/connect", {"Container": "{made}"}),
        Call("POST /networks/{role}-net/disconnect", {"Container": "{made}"}),
        Call("DELETE /networks/{role}-net"),
        Call("DELETE /containers/{made}?force=true"),
        Call("DELETE /volumes/{role}-data"),
        Call("POST /build?t=portainer-built", TAR),
        Call("POST /configs/create", {"Name": "{role}-config", "Data": "eA=="}),
        Call("POST /secrets/create", {"Name": "{role}-secret", "Data": "eA=="}),
    ),
    # --- updaters and notifiers ------------------------------------------------------------------
    "watchtower": (
        Call("GET /v1.25/info"),
        Call('GET /v1.25/containers/json?filters={"status":{"running":true}}'),
        Call("GET /v1.25/containers/{c}/json"),
        Call("GET /v1.25/images/busybox:latest/json"),
        Call("POST /v1.25/images/create?fromImage=docker.io/library/busybox&tag=latest"),
        Call("POST /v1.25/containers/{c}/kill?signal=SIGTERM"),
        Call("POST /v1.47/containers/{c}/stop?t=1"),
        Call("DELETE /v1.25/containers/{c}?force=1&v=1"),
        Call(
            "POST /v1.25/containers/create?name={role}-new",
            {
                "Image": "busybox",
                "Cmd": ["sleep", "infinity"],
                "Env": ["TOKEN=abc"],
                "Labels": {"com.centurylinklabs.watchtower.enable": "true"},
                "HostConfig": {"Binds": ["/srv/web:/data"], "CapAdd": ["NET_ADMIN"]},
            },
        ),
        Call("POST /v1.25/networks/bridge/disconnect", {"Container": "{made}", "Force": True}),
        Call("POST /v1.25/networks/bridge/connect", {"Container": "{made}"}),
        Call("POST /v1.25/containers/{made}/start"),
        Call("POST /v1.47/containers/{made}/update", {"RestartPolicy": {"Name": "no"}}),
        Call("POST /v1.25/containers/{made}/rename?name={role}-renamed"),
        Call("POST /v1.25/images/create?fromImage=busybox&tag=1.36"),
        Call("DELETE /v1.25/images/busybox:1.36?force=1"),
    ),
    "diun": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/version"),
        Call('GET /v1.47/containers/json?filters={"status":{"running":true}}'),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/images/nginx:1.27/json"),
        Call("GET /v1.47/services"),
    ),
    # --- dashboards, logs, metrics ---------------------------------------------------------------
    "dozzle": DOZZLE,
    "dozzle-actions": (
        *DOZZLE,
        Call("POST /v1.47/containers/{c}/stop"),
        Call("POST /v1.47/containers/{c}/start"),
        Call("POST /v1.47/containers/{c}/restart"),
        Call("DELETE /v1.47/containers/{c}?force=1"),
    ),
    "dozzle-shell": (
        *DOZZLE,
        Call(
            "POST /v1.47/containers/{c}/exec",
            {
                "AttachStdin": True,
                "AttachStdout": True,
                "AttachStderr": True,
                "Tty": True,
                "Cmd": ["sh"],
            },
        ),
        Call("POST /v1.47/exec/{exec}/start", {"Tty": True}, UPGRADE, opens=True),
        Call("POST /v1.47/exec/{exec}/resize?h=24&w=80"),
        Call(
            "POST /v1.47/containers/{c}/attach?stderr=1&stdin=1&stdout=1&stream=1",
            headers=UPGRADE,
            opens=True,
        ),
        Call("POST /v1.47/containers/{c}/resize?h=24&w=80"),
    ),
    "homepage": (
        Call("GET /containers/json?all=true"),
        Call("GET /containers/{c}/json"),
        Call("GET /containers/{c}/stats?stream=false"),
        Call("GET /services"),
        Call("GET /services/web"),
        Call('GET /tasks?filters={"service":["web"],"desired-state":["running"]}'),
    ),
    "uptime-kuma": (
        Call("GET /containers/json?all=true", headers="Accept: */*\r\n"),
        Call("GET /containers/{c}/json"),
    ),
    "beszel": (
        Call("GET /version"),
        Call("GET /info"),
        Call("GET /containers/json"),
        Call("GET /containers/{c}/stats?stream=0&one-shot=1"),
        Call("GET /containers/{c}/json"),
    ),
    "glances": (
        Call("GET /version"),
        Call("GET /v1.47/containers/json?limit=-1&all=1&size=0&trunc_cmd=0"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/images/nginx:1.27/json"),
        Call("GET /v1.47/containers/{c}/stats?stream=True", opens=True),
    ),
    "telegraf": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/info"),
        Call("GET /v1.47/containers/json?all=1"),
        Call("GET /v1.47/containers/{c}/stats?stream=false"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/services"),
        Call("GET /v1.47/tasks"),
        Call("GET /v1.47/nodes"),
        Call("GET /v1.47/system/df?type=image&type=volume"),
    ),
    "telegraf-logs": (
        Call("HEAD /_ping"),
        Call('GET /v1.47/containers/json?filters={"status":{"running":true}}'),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/containers/{c}/logs?follow=1&stderr=1&stdout=1&timestamps=1", opens=True),
    ),
    "prometheus": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/containers/json?filters={}"),
        Call("GET /v1.47/containers/json?limit=0"),
        Call("GET /v1.47/networks"),
    ),
    "prometheus-swarm": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/services"),
        Call("GET /v1.47/networks"),
        Call("GET /v1.47/tasks"),
        Call("GET /v1.47/nodes"),
    ),
    "alloy": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/containers/json?filters={}"),
        Call("GET /v1.47/networks"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/containers/{c}/logs?follow=1&stderr=1&stdout=1&timestamps=1", opens=True),
    ),
    "vector": (
        Call(
            'GET /v1.47/events?filters={"event":["start","unpause","die","pause"],'
            '"type":["container"]}&since=1',
            opens=True,
        ),
        Call("GET /v1.47/containers/json?all=false"),
        Call("GET /v1.47/containers/{c}/json"),
        Call(
            "GET /v1.47/containers/{c}/logs?follow=true&since=1&stderr=true&stdout=true"
            "&timestamps=true",
            opens=True,
        ),
    ),
    "fluent-bit": (Call("GET /events", opens=True, http="HTTP/1.0"),),
    "cadvisor": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/info"),
        Call("GET /v1.47/version"),
        Call("GET /v1.47/images/json"),
        Call("GET /v1.47/containers/{c}/json"),
    ),
    "datadog": (
        Call("GET /v1.47/info"),
        Call("GET /v1.47/containers/json"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/images/nginx:1.27/json"),
        Call("GET /v1.47/images/nginx:1.27/history"),
        Call("GET /v1.47/images/json"),
        Call('GET /v1.47/volumes?filters={"dangling":{"true":true}}'),
        Call("GET /v1.47/containers/{c}/stats?one-shot=1&stream=0"),
        Call('GET /v1.47/events?filters={"type":{"container":true}}', opens=True),
    ),
    "netdata": (
        Call("GET /v1.47/info"),
        Call('GET /v1.47/containers/json?all=1&filters={"health":{"healthy":true}}'),
        Call('GET /v1.47/containers/json?all=1&filters={"health":{"none":true}}'),
        Call("GET /v1.47/images/json"),
        Call("GET /containers/{c}/json"),
    ),
    # --- automation ------------------------------------------------------------------------------
    "autoheal": (
        Call('GET /containers/json?filters={"health":["unhealthy"],"label":["autoheal=true"]}'),
        Call("POST /containers/{c}/restart?t=10"),
    ),
    "ofelia": (
        Call("GET /info"),
        Call('GET /containers/json?filters={"label":["ofelia.enabled=true"]}'),
        Call("GET /events", opens=True),
        Call(
            "POST /containers/{c}/exec",
            {
                "AttachStdout": True,
                "AttachStderr": True,
                "Cmd": ["echo", "x"],
                "Container": "{c}",
                "User": "root",
            },
        ),
        Call("POST /exec/{exec}/start", {}, UPGRADE, opens=True),
        Call("GET /exec/{exec}/json"),
    ),
    "docker-volume-backup": BACKUP,
    "docker-volume-backup-exec": (
        *BACKUP,
        Call(
            'GET /v1.47/containers/json?filters={"label":{"docker-volume-backup.archive-pre":true}}'
        ),
        Call(
            "POST /v1.47/containers/{c}/exec",
            {"AttachStdin": True, "AttachStderr": True, "Cmd": ["echo", "dumped"]},
        ),
        Call("POST /v1.47/exec/{exec}/start", {}, UPGRADE, opens=True),
        Call("GET /v1.47/exec/{exec}/json"),
    ),
    # --- developers and builds -------------------------------------------------------------------
    "read-only": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/containers/json?all=1&size=1"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/containers/{c}/stats?stream=0"),
        Call("GET /v1.47/containers/{c}/changes"),
        Call("GET /v1.47/images/json?manifests=1"),
        Call("GET /v1.47/images/nginx:1.27/history"),
        Call("GET /v1.47/networks"),
        Call("GET /v1.47/volumes"),
        Call("GET /v1.47/info"),
        Call("GET /v1.47/system/df"),
    ),
    "docker-cli-read-only": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/version"),
        Call("GET /v1.47/info"),
        Call("GET /v1.47/system/df"),
        Call('GET /v1.47/containers/json?all=1&filters={"status":{"running":true}}&size=1'),
        Call("GET /v1.47/containers/{c}/json"),
        Call("GET /v1.47/containers/{c}/logs?stderr=1&stdout=1&tail=10"),
        Call("GET /v1.47/containers/{c}/logs?follow=1&stderr=1&stdout=1", opens=True),
        Call("GET /v1.47/containers/{c}/top"),
        Call('GET /v1.47/events?filters={"type":{"container":true}}', opens=True),
        Call("GET /v1.47/containers/{c}/stats?stream=true", opens=True),
        Call("GET /v1.47/containers/{c}/changes"),
        Call("GET /v1.47/images/json?manifests=1"),
        Call("GET /v1.47/images/nginx:1.27/json"),
        Call("GET /v1.47/images/nginx:1.27/history"),
        Call("GET /v1.47/networks"),
        Call("GET /v1.47/networks/bridge"),
        Call("GET /v1.47/volumes"),
        Call("GET /v1.47/volumes/db-data"),
        Call("GET /v1.47/plugins"),
        Call("GET /v1.47/services?status=true"),
        Call("GET /v1.47/services/web"),
        Call("GET /v1.47/tasks"),
        Call("GET /v1.47/nodes"),
        Call("GET /v1.47/nodes/{node}"),
        Call("GET /v1.47/configs"),
        Call("GET /v1.47/secrets"),
    ),
    "lazydocker": LAZYDOCKER,
    "lazydocker-actions": (
        *LAZYDOCKER,
        Call("POST /v1.47/containers/{c}/stop"),
        Call("POST /v1.47/containers/{c}/start"),
        Call("POST /v1.47/containers/{c}/restart"),
        Call("POST /v1.47/containers/{c}/pause"),
        Call("POST /v1.47/containers/{c}/unpause"),
        Call("DELETE /v1.47/containers/{c}?force=1&v=1"),
    ),
    "ci-runner": (
        Call("HEAD /_ping"),
        Call("POST /v1.47/images/create?fromImage=docker.io/library/redis&tag=7"),
        Call("POST /v1.47/containers/create?name={role}-job", _docker_run(Memory=1 << 30)),
        Call(
            "POST /v1.47/containers/{made}/attach?stderr=1&stdout=1&stream=1",
            headers=UPGRADE,
            opens=True,
        ),
        Call("POST /v1.47/containers/{made}/wait?condition=next-exit", opens=True),
        Call("POST /v1.47/containers/{made}/start"),
        Call("POST /v1.47/containers/{made}/exec", {"AttachStdout": True, "Cmd": ["echo", "x"]}),
        Call("POST /v1.47/exec/{exec}/start", {}, UPGRADE, opens=True),
        Call("GET /v1.47/exec/{exec}/json"),
        Call("PUT /v1.47/containers/{made}/archive?path=/", TAR),
        Call("HEAD /v1.47/containers/{made}/archive?path=/settings"),
        Call("GET /v1.47/containers/{made}/archive?path=/settings"),
        Call("DELETE /v1.47/containers/{made}?force=1&v=1"),
    ),
    "compose": (
        Call("HEAD /_ping"),
        Call(
            'GET /v1.47/containers/json?all=1&filters={"label":{"com.docker.compose.project":true}}'
        ),
        Call("POST /v1.47/images/create?fromImage=docker.io/library/redis&tag=7"),
        Call("GET /v1.47/images/redis:7/json?manifests=1"),
        Call('GET /v1.47/networks?filters={"name":{"shop_default":true}}'),
        Call(
            "POST /v1.47/networks/create",
            {
                "Name": "shop_default",
                "Driver": "bridge",
                "Scope": "",
                "Internal": False,
                "Attachable": False,
                "Ingress": False,
                "Options": None,
                "Labels": {"com.docker.compose.project": "shop"},
            },
        ),
        Call("GET /v1.47/networks/shop_default"),
        Call(
            "POST /v1.47/volumes/create",
            {
                "Name": "shop_data",
                "Driver": "local",
                "DriverOpts": None,
                "Labels": {"com.docker.compose.project": "shop"},
            },
        ),
        Call('GET /v1.47/volumes?filters={"label":{"com.docker.compose.project=shop":true}}'),
        Call("GET /v1.47/volumes/shop_data"),
        Call(
            "POST /v1.47/containers/create?name=shop-web-1",
            {
                "Image": "redis:7",
                "Cmd": ["sleep", "infinity"],
                "Labels": {
                    "com.docker.compose.project": "shop",
                    "com.docker.compose.service": "web",
                },
                "ExposedPorts": {"80/tcp": {}},
                "HostConfig": NOTHING_ASKED
                | {
                    "Mounts": [
                        {
                            "Type": "volume",
                            "Source": "shop_data",
                            "Target": "/data",
                            "VolumeOptions": {},
                        }
                    ],
                    "NetworkMode": "shop_default",
                    "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
                    "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
                },
                "NetworkingConfig": {
                    "EndpointsConfig": {"shop_default": {"Aliases": ["shop-web-1", "web"]}}
                },
            },
        ),
        Call("PUT /v1.47/containers/{made}/archive?path=/", TAR),
        Call("POST /v1.47/containers/{made}/start"),
        Call("GET /v1.47/containers/{made}/json"),
        Call(
            "POST /v1.47/containers/{made}/attach?stderr=1&stdout=1&stream=1",
            headers=UPGRADE,
            opens=True,
        ),
        Call("GET /v1.47/containers/{made}/logs?follow=1&stderr=1&stdout=1", opens=True),
        Call(
            'GET /v1.47/events?filters={"label":{"com.docker.compose.project=shop":true}}',
            opens=True,
        ),
        Call("GET /v1.47/containers/{made}/top"),
        Call("GET /v1.47/images/json"),
        Call("POST /v1.47/containers/{made}/rename?name=old_shop-web-1"),
        Call("POST /v1.47/containers/{made}/stop?t=1"),
        Call("DELETE /v1.47/containers/{made}?force=1"),
        Call("DELETE /v1.47/networks/shop_default"),
        Call("DELETE /v1.47/volumes/shop_data?force=1"),
    ),
    "deploy-bot": (
        Call("HEAD /_ping"),
        Call("POST /v1.47/images/create?fromImage=registry.example.com/shop/web&tag=2"),
        Call("GET /v1.47/containers/json?all=1"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("POST /v1.47/containers/{c}/stop?t=1"),
        Call("POST /v1.47/containers/{c}/rename?name={role}-old"),
        Call(
            "POST /v1.47/containers/create?name={role}-web",
            _docker_run()
            | {"Image": "registry.example.com/shop/web:2", "Labels": {"deploy": "true"}},
        ),
        Call("POST /v1.47/containers/{made}/start"),
        Call("DELETE /v1.47/containers/{role}-old?force=1"),
    ),
    "github-runner": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/version"),
        Call('GET /v1.47/containers/json?all=1&filters={"label":{"8a3f51":true}}'),
        Call('POST /v1.47/networks/prune?filters={"label":{"8a3f51":true}}'),
        Call(
            "POST /v1.47/networks/create",
            {"Name": "github_network_1", "Driver": "bridge", "Labels": {"8a3f51": ""}},
        ),
        Call("POST /v1.47/images/create?fromImage=docker.io/library/redis&tag=7"),
        Call(
            "POST /v1.47/containers/create?name=redis_1",
            _docker_run(
                NetworkMode="github_network_1",
                PortBindings={"6379/tcp": [{"HostIp": "", "HostPort": "6379"}]},
            )
            | {
                "Labels": {"8a3f51": ""},
                "Env": ["GITHUB_ACTIONS=true", "CI=true"],
                "ExposedPorts": {"6379/tcp": {}},
                "NetworkingConfig": {
                    "EndpointsConfig": {"github_network_1": {"Aliases": ["redis"]}}
                },
            },
        ),
        Call("POST /v1.47/containers/{made}/start"),
        Call('GET /v1.47/containers/json?all=1&filters={"id":{"{made}":true}}'),
        Call("GET /v1.47/containers/{made}/json"),
        Call(
            "POST /v1.47/containers/{made}/exec",
            {"AttachStdin": True, "AttachStdout": True, "Cmd": ["cat"], "WorkingDir": "/__w"},
        ),
        Call("POST /v1.47/exec/{exec}/start", {}, UPGRADE, opens=True),
        Call("GET /v1.47/containers/{made}/logs?details=1&stderr=1&stdout=1"),
        Call("DELETE /v1.47/containers/{made}?force=1"),
        Call("DELETE /v1.47/networks/github_network_1"),
    ),
    "gitlab-runner": (
        Call("HEAD /_ping"),
        Call("GET /v1.44/info"),
        Call("GET /version"),
        Call("POST /v1.44/images/create?fromImage=docker.io/library/redis&tag=7"),
        Call("GET /v1.44/images/redis:7/json"),
        Call("GET /v1.44/networks"),
        Call("GET /v1.44/networks/bridge"),
        Call(
            "POST /v1.44/volumes/create",
            {"Name": "runner-cache", "Labels": {"com.gitlab.gitlab-runner.managed": "true"}},
        ),
        Call("GET /v1.44/volumes/runner-cache"),
        Call(
            "POST /v1.44/networks/create",
            {"Name": "runner-net", "Labels": {"com.gitlab.gitlab-runner.managed": "true"}},
        ),
        Call(
            "POST /v1.44/containers/create?name=runner-build",
            {
                "AttachStdin": True,
                "AttachStdout": True,
                "AttachStderr": True,
                "OpenStdin": True,
                "StdinOnce": True,
                "Cmd": ["cat"],
                "Env": ["CI=true"],
                "Image": "redis:7",
                "Labels": {"com.gitlab.gitlab-runner.managed": "true"},
                "HostConfig": {
                    "Binds": ["runner-cache:/builds"],
                    "LogConfig": {"Type": "json-file", "Config": None},
                    "NetworkMode": "runner-net",
                    "Privileged": False,
                },
            },
        ),
        Call("GET /v1.44/containers/runner-build/json"),
        Call(
            "POST /v1.44/containers/{made}/attach?stderr=1&stdin=1&stdout=1&stream=1",
            headers=UPGRADE,
            opens=True,
        ),
        Call("POST /v1.44/containers/{made}/start"),
        Call("POST /v1.44/containers/{made}/wait?condition=not-running", opens=True),
        Call("GET /v1.44/containers/{made}/logs?stderr=1&stdout=1"),
        Call("POST /v1.44/containers/{made}/stop?t=1"),
        Call("DELETE /v1.44/containers/runner-build?force=1&v=1"),
        Call("DELETE /v1.44/networks/runner-net"),
        Call("DELETE /v1.44/volumes/runner-cache?force=1"),
    ),
    "testcontainers": (
        *TESTCONTAINERS,
        Call("DELETE /v1.44/containers/{role}-db?force=true&v=true"),
        Call("DELETE /v1.44/networks/{role}-net"),
    ),
    "testcontainers-ryuk": (
        Call("GET /_ping"),
        Call("POST /v1.44/images/create?fromImage=testcontainers/ryuk&tag=0.14.0"),
        Call(
            "POST /v1.44/containers/create?name=testcontainers-ryuk-x",
            {
                "Image": "testcontainers/ryuk:0.14.0",
                "Labels": {"org.testcontainers": "true", "org.testcontainers.ryuk": "true"},
                "ExposedPorts": {"8080/tcp": {}},
                "HostConfig": {
                    "AutoRemove": True,
                    "PublishAllPorts": True,
                    "Binds": [
                        "/run/sockguard/testcontainers-ryuk/docker.sock:/var/run/docker.sock:rw"
                    ],
                },
            },
        ),
        *TESTCONTAINERS,
        Call('GET /v1.44/containers/json?all=1&filters={"label":{"org.testcontainers=true":true}}'),
        Call('GET /v1.44/networks?filters={"label":{"org.testcontainers=true":true}}'),
        Call('GET /v1.44/volumes?filters={"label":{"org.testcontainers=true":true}}'),
        Call('GET /v1.44/images/json?filters={"label":{"org.testcontainers=true":true}}'),
        Call("DELETE /v1.44/containers/{role}-db?force=1&v=1"),
        Call("DELETE /v1.44/networks/{role}-net"),
    ),
    "everything": (
        Call("HEAD /_ping"),
        Call("GET /v1.47/containers/{c}/json"),
        Call("POST /v1.47/containers/{c}/exec", {"Cmd": ["echo", "x"], "AttachStdout": True}),
        Call("POST /v1.47/exec/{exec}/start", {}, UPGRADE, opens=True),
        Call("DELETE /v1.47/containers/{c}?force=1"),
    ),
}

LEFT_OUT: Mapping[str, tuple[Call, ...]] = {
    "nginx-proxy-notify": (Call("POST /containers/{c}/restart?t=10"),),
    "acme-companion": (Call("POST /containers/{c}/restart"), Call("GET /containers//json")),
    "acme-companion-exec": (Call("POST /containers/{c}/restart"),),
    "portainer-read-only": (
        Call("GET /containers/{c}/logs?stdout=1&tail=100"),
        Call("GET /containers/{c}/top"),
    ),
    "watchtower": (Call("POST /v1.47/containers/{c}/exec", {"Cmd": ["/hook"]}),),
    "dozzle-actions": (Call("POST /v1.47/images/create?fromImage=nginx&tag=1.27"),),
    "beszel": (Call("GET /containers/{c}/logs?stdout=1&stderr=1&tail=200"),),
    "datadog": (
        Call("GET /v1.47/containers/{c}/top"),
        Call("GET /v1.47/containers/{c}/logs?follow=1&stdout=1"),
    ),
    "ofelia": (
        Call("POST /images/create?fromImage=busybox&tag=latest"),
        Call("POST /containers/create", {"Image": "busybox", "HostConfig": {"Binds": ["/a:/a"]}}),
        Call("POST /services/create", {"Name": "job"}),
    ),
    "docker-volume-backup": (
        Call("GET /v1.47/services"),
        Call("POST /v1.47/services/web/update?version=1", {"Name": "web"}),
    ),
    "lazydocker-actions": (
        Call("POST /v1.47/containers/prune"),
        Call("DELETE /v1.47/images/redis:7?force=1"),
        Call("POST /v1.47/containers/{c}/attach?stdin=1&stdout=1&stream=1", headers=UPGRADE),
    ),
    "compose": (
        Call("GET /v1.47/info"),
        Call("GET /v1.47/distribution/redis/json"),
        Call("POST /v1.47/session", headers="Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    ),
    "github-runner": (
        Call(
            "POST /v1.47/containers/create",
            _docker_run(Binds=["/var/run/docker.sock:/var/run/docker.sock"]),
        ),
        Call("POST /v1.47/build?t=action", TAR),
        Call("POST /v1.47/auth", {"username": "a", "password": "b"}),
    ),
    "gitlab-runner": (
        Call("POST /v1.44/images/load", TAR),
        Call("POST /v1.44/images/create?fromSrc=-&repo=helper", TAR),
        Call("POST /v1.44/images/redis:7/tag?repo=helper"),
    ),
    "testcontainers": (
        Call("POST /v1.44/build?t=built", TAR),
        Call(
            "POST /v1.44/containers/create",
            {
                "Image": "testcontainers/ryuk:0.14.0",
                "HostConfig": {"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
            },
        ),
    ),
}
