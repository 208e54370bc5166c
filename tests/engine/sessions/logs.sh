docker run -d --name $NAME busybox sh -c 'echo err >&2; sleep 0.2; echo out'
docker wait $NAME
docker logs $NAME
docker logs -t --tail 1 $NAME
docker logs --since 1h $NAME
