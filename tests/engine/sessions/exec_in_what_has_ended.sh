docker create --name $NAME busybox
docker exec $NAME true
