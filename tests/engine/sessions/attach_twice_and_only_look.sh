docker run -di --name $NAME busybox sh -c 'sleep 1; echo out; echo err >&2; read a; echo got $a; exit 5'
docker attach --no-stdin $NAME > first 2> first.err &
(sleep 2; echo word; sleep 1) | docker attach --sig-proxy=false $NAME
wait $!
cat first first.err
