"""Every route of the Engine, in the order in which the Engine tries them: the first match wins.

Must never hold a route that the Engine's documents or its source do not name.

Order from the Engine's source: checkpoint, container, image, system, volume, build, session,
swarm, plugin, distribution, network, debug, grpc; inside each as written there. A variable bears
the name of what it names; `{image...}` may hold slashes. The Engine lets slashes into the names of
containers, execs, volumes and networks too, but no such object can have one.
"""

from __future__ import annotations

from sockguard.engine.operation import Route

_TABLE = """
GET     /containers/{container}/checkpoints               checkpoints.list
POST    /containers/{container}/checkpoints               checkpoints.create
DELETE  /containers/{container}/checkpoints/{checkpoint}  checkpoints.remove

HEAD    /containers/{container}/archive    containers.archive_info
GET     /containers/json                   containers.list
GET     /containers/{container}/export     containers.export
GET     /containers/{container}/changes    containers.changes
GET     /containers/{container}/json       containers.inspect
GET     /containers/{container}/top        containers.top
GET     /containers/{container}/logs       containers.logs
GET     /containers/{container}/stats      containers.stats
GET     /containers/{container}/attach/ws  containers.attach_ws
GET     /exec/{exec}/json                  exec.inspect
GET     /containers/{container}/archive    containers.archive_get
POST    /containers/create                 containers.create
POST    /containers/{container}/kill       containers.kill
POST    /containers/{container}/pause      containers.pause
POST    /containers/{container}/unpause    containers.unpause
POST    /containers/{container}/restart    containers.restart
POST    /containers/{container}/start      containers.start
POST    /containers/{container}/stop       containers.stop
POST    /containers/{container}/wait       containers.wait
POST    /containers/{container}/resize     containers.resize
POST    /containers/{container}/attach     containers.attach
POST    /containers/{container}/exec       exec.create
POST    /exec/{exec}/start                 exec.start
POST    /exec/{exec}/resize                exec.resize
POST    /containers/{container}/rename     containers.rename
POST    /containers/{container}/update     containers.update
POST    /containers/prune                  containers.prune
POST    /commit                            containers.commit
PUT     /containers/{container}/archive    containers.archive_put
DELETE  /containers/{container}            containers.remove
POST    /containers/{container}/copy       containers.copy

GET     /images/json                     images.list
GET     /images/search                   images.search
GET     /images/get                      images.get
GET     /images/{image...}/get           images.get
GET     /images/{image...}/history       images.history
GET     /images/{image...}/json          images.inspect
GET     /images/{image...}/attestations  images.attestations
POST    /images/load                     images.load
POST    /images/create                   images.pull
POST    /images/create                   images.import
POST    /images/{image...}/push          images.push
POST    /images/{image...}/tag           images.tag
POST    /images/prune                    images.prune
DELETE  /images/{image...}               images.remove

OPTIONS /{path...}  system.options
GET     /_ping      system.ping
HEAD    /_ping      system.ping
GET     /events     system.events
GET     /info       system.info
GET     /version    system.version
GET     /system/df  system.df
POST    /auth       system.auth

GET     /volumes           volumes.list
GET     /volumes/{volume}  volumes.inspect
POST    /volumes/create    volumes.create
POST    /volumes/prune     volumes.prune
PUT     /volumes/{volume}  volumes.update
DELETE  /volumes/{volume}  volumes.remove

POST    /build         build.run
POST    /build/prune   build.prune
POST    /build/cancel  build.cancel
POST    /session       build.session

POST    /swarm/init                swarm.init
POST    /swarm/join                swarm.join
POST    /swarm/leave               swarm.leave
GET     /swarm                     swarm.inspect
GET     /swarm/unlockkey           swarm.unlock_key
POST    /swarm/update              swarm.update
POST    /swarm/unlock              swarm.unlock
GET     /services                  services.list
GET     /services/{service}        services.inspect
POST    /services/create           services.create
POST    /services/{service}/update services.update
DELETE  /services/{service}        services.remove
GET     /services/{service}/logs   services.logs
GET     /nodes                     nodes.list
GET     /nodes/{node}              nodes.inspect
DELETE  /nodes/{node}              nodes.remove
POST    /nodes/{node}/update       nodes.update
GET     /tasks                     tasks.list
GET     /tasks/{task}              tasks.inspect
GET     /tasks/{task}/logs         tasks.logs
GET     /secrets                   secrets.list
POST    /secrets/create            secrets.create
DELETE  /secrets/{secret}          secrets.remove
GET     /secrets/{secret}          secrets.inspect
POST    /secrets/{secret}/update   secrets.update
GET     /configs                   configs.list
POST    /configs/create            configs.create
DELETE  /configs/{config}          configs.remove
GET     /configs/{config}          configs.inspect
POST    /configs/{config}/update   configs.update

GET     /plugins                      plugins.list
GET     /plugins/{plugin...}/json     plugins.inspect
GET     /plugins/privileges           plugins.privileges
DELETE  /plugins/{plugin...}          plugins.remove
POST    /plugins/{plugin...}/enable   plugins.enable
POST    /plugins/{plugin...}/disable  plugins.disable
POST    /plugins/pull                 plugins.pull
POST    /plugins/{plugin...}/push     plugins.push
POST    /plugins/{plugin...}/upgrade  plugins.upgrade
POST    /plugins/{plugin...}/set      plugins.set
POST    /plugins/create               plugins.create

GET     /distribution/{image...}/json  distribution.inspect

GET     /networks                       networks.list
GET     /networks/                      networks.list_slash
GET     /networks/{network}             networks.inspect
POST    /networks/create                networks.create
POST    /networks/{network}/connect     networks.connect
POST    /networks/{network}/disconnect  networks.disconnect
POST    /networks/prune                 networks.prune
DELETE  /networks/{network}             networks.remove

GET     /debug/vars             debug.read
GET     /debug/pprof/           debug.read
GET     /debug/pprof/cmdline    debug.read
GET     /debug/pprof/profile    debug.read
GET     /debug/pprof/symbol     debug.read
GET     /debug/pprof/trace      debug.read
GET     /debug/pprof/{profile}  debug.read

POST    /grpc  build.grpc
"""


def _route(line: str) -> Route:
    method, path, operation = line.split()
    return Route(method, tuple(path[1:].split("/")), operation)


ROUTES: tuple[Route, ...] = tuple(_route(line) for line in _TABLE.splitlines() if line)
