docker run -d --name $NAME busybox sleep 60
docker exec $NAME sh -c 'echo out; echo err >&2; exit 7'
