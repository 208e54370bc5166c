docker create --name $NAME busybox sleep 600
docker create --name $NAME busybox
docker create --name $NAME.b busybox
docker rename $NAME $NAME.b
docker rename $NAME $NAME
docker rename nothing-$NAME other
docker pause $NAME
docker stop -t 0 $NAME
docker kill $NAME
docker start $NAME
docker start $NAME
docker unpause $NAME
docker pause $NAME
docker pause $NAME
docker exec $NAME true
docker restart -t 0 $NAME
docker rm $NAME
docker rmi busybox
docker stop -t 0 $NAME
docker stop -t 0 $NAME
docker cp $NAME:/bin/busybox $NAME:/tmp
docker rm -f nothing-$NAME
docker rm $NAME $NAME.b nothing-$NAME
