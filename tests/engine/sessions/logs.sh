docker run -d --name $NAME busybox sh -c 'echo out; echo err >&2'
docker wait $NAME
docker logs $NAME
docker logs -t --tail 1 $NAME
docker logs --since 1h $NAME
