docker run -d --name $NAME busybox sh -c 'sleep 1; exit 7'
docker create --name $NAME.b busybox sh -c 'exit 8'
docker wait $NAME nothing-$NAME
docker wait $NAME
docker wait $NAME.b
(sleep 0.5; docker start $NAME.b > /dev/null) &
docker start -a $NAME
wait $!
docker wait $NAME $NAME.b
docker run -d --name $NAME.c busybox sleep 60
docker wait $NAME.c &
sleep 2  # nothing tells that somebody waits
docker rm -f $NAME.c
wait $!
