docker run -d --name $NAME busybox sh -c 'sleep 1; echo late; echo wrong >&2; exit 4'
docker attach $NAME
