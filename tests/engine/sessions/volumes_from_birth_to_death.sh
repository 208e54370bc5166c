docker volume create --driver local -o type=tmpfs -o device=tmpfs -o o=size=1m --label only=$NAME $NAME
docker volume create $NAME.plain
docker volume create --driver local -o type=none --label x=y $NAME
docker volume create -o nonsense=1 $NAME.x
docker volume inspect -f '{{json .Options}} {{json .Labels}} {{.Scope}}' $NAME $NAME.plain nothing-$NAME
docker volume ls --format '{{.Name}} {{.Driver}}' -f label=only=$NAME
docker volume ls -q -f driver=local -f name=$NAME -f dangling=true
docker volume ls -f nonsense=1
docker run -d --name $NAME -v $NAME:/v --mount type=volume,src=$NAME.plain,dst=/w,readonly busybox sh -c 'df /v | tail -n 1; touch /w/x; sleep 600'
said $NAME tmpfs
said $NAME Read-only
docker logs $NAME
docker volume rm $NAME
docker run --rm --volumes-from $NAME:ro busybox touch /v/x
docker rm -f $NAME
docker volume prune -f --filter label=only=$NAME
docker volume rm $NAME $NAME.plain
docker volume rm -f $NAME
