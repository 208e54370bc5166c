docker run -di --name $NAME busybox sh -c 'until test -e /go; do sleep 0.1; done; echo out; echo err >&2; read a; echo got $a; exit 5'
docker attach --no-stdin $NAME > first 2> first.err &
(attached $NAME 2; docker exec $NAME touch /go; echo word; sleep 1) | docker attach --sig-proxy=false $NAME
wait $!
cat first first.err
