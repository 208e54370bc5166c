docker run -d --name $NAME busybox sh -c 'until test -e /go; do sleep 0.1; done; echo late; sleep 0.2; echo wrong >&2; exit 4'
(attached $NAME 1; docker exec $NAME touch /go) &
docker attach $NAME
wait
