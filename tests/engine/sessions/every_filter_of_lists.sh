docker run --name $NAME --label only=$NAME -e A=b --health-cmd none busybox sh -c 'exit 3'
docker create --name $NAME.second --label only=$NAME -v $NAME:/v busybox
list() { docker ps -a --format '{{.Names}} {{.Image}} {{.Command}} {{.State}} {{.Labels}} {{.Mounts}} {{.Networks}} {{.LocalVolumes}}' -f label=only=$NAME "$@"; }
list
list --no-trunc
list -f status=exited
list -f status=nonsense
list -f exited=3
list -f name=second
list -f ancestor=busybox
list -f ancestor=nothing
list -f before=$NAME.second
list -f since=$NAME
list -f since=nothing-$NAME
list -f volume=$NAME
list -f network=none
list -f health=none
list -f is-task=false
list -f publish=80
list -f expose=80
list -f isolation=default
list -f nonsense=1
list -n 1
docker ps -l --format '{{.Names}}'
docker ps -as -f name=$NAME --format '{{.Names}} {{.Size}}'
docker rm $NAME $NAME.second
docker volume rm $NAME
docker tag busybox $NAME:a
images() { docker images --format '{{.Repository}} {{.Tag}} {{.Digest}}' "$@"; }
images $NAME
images -f reference="$NAME*:a"
images -f before=$NAME:a -f reference=$NAME
images -f since=busybox -f reference=$NAME
images -f dangling=true -f reference=$NAME
images -f label=nothing
images -f nonsense=1
images --digests --no-trunc $NAME:a
images -a $NAME:none
docker rmi --no-prune $NAME:a
