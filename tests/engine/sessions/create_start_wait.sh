docker create --name $NAME busybox sh -c 'sleep 1; exit 9'
docker start $NAME
docker wait $NAME
