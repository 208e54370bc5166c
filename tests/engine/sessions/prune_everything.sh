docker image prune -f > /dev/null
docker create --name $NAME --label only=$NAME busybox
docker volume create --label only=$NAME $NAME
docker network create --internal --label only=$NAME $NAME
printf 'FROM busybox\nLABEL only='$NAME'\n' | docker build -q -
docker container prune -f --filter until=1h
docker system prune -f --filter label=only=$NAME
docker volume prune -f --filter label=only=$NAME
docker volume prune -af --filter label=only=$NAME
docker create --name $NAME busybox
docker container prune -f --filter label!=only=$NAME
docker image prune -f
docker image prune -af --filter until=24h
docker network prune -f
docker volume rm -f $NAME
docker builder prune -af
docker ps -aq -f name=$NAME
