docker run -d --name $NAME busybox sh -c 'for i in 1 2 3 4 5 6; do echo $i; done; sleep 0.2; echo err >&2; until test -e /go; do sleep 0.1; done; echo late; sleep 0.2; echo late err >&2; exit 3'
said $NAME err
docker logs -f --tail 2 $NAME > followed 2>&1 &
shown followed err
docker exec $NAME touch /go
wait $!
cat followed
docker logs --tail 0 $NAME
docker logs --tail 3 --timestamps $NAME
docker logs --tail nonsense $NAME
docker logs --details $NAME
docker logs -f $NAME
docker logs --since nonsense $NAME
docker run --name $NAME.none --log-driver none busybox echo unseen
docker logs $NAME.none
docker run --name $NAME.labels --label a=b --log-opt labels=a busybox echo seen
docker logs --details $NAME.labels
docker run -t --name $NAME.tty busybox sh -c 'echo both; sleep 0.1; echo here >&2'
docker logs $NAME.tty
