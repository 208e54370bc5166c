start=$(date +%s.%N)
docker network create --internal $NAME
docker volume create $NAME
docker run --name $NAME --label only=$NAME --network none -v $NAME:/v busybox true
docker network connect $NAME $NAME
docker tag busybox $NAME:tagged
docker rmi $NAME:tagged
docker rm $NAME
docker network rm $NAME
docker volume rm $NAME
end=$(date +%s.%N)
seen() { docker events --since $start --until $end --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}' "$@"; }
seen
seen -f container=$NAME
seen -f event=die -f event=create
seen -f image=busybox
seen -f image=$NAME:tagged
seen -f label=only
seen -f label=only=$NAME
seen -f network=$NAME
seen -f volume=$NAME
seen -f type=volume -f type=network
seen -f type=container -f event=start
seen -f scope=local
seen -f scope=swarm
seen -f daemon=nothing
seen -f plugin=nothing
seen -f node=nothing -f service=nothing -f secret=nothing -f config=nothing
seen -f nonsense=1
docker events --since $start --until $end -f type=container --format '{{json .Actor.Attributes}}'
docker events --since 2002-01-01T00:00:00 --until 2001-01-01T00:00:00
docker events --since nonsense
