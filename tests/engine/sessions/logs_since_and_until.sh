docker run -d --name $NAME busybox sh -c 'echo early; until test -e /go; do sleep 0.1; done; echo late'
said $NAME early
middle=$(date +%s.%N)
docker logs --until $middle $NAME
docker logs --since $middle --tail 10 -f $NAME > rest &
docker exec $NAME touch /go
wait $!
cat rest
docker wait $NAME
docker logs --since 2000-01-01T00:00:00 --until 1h $NAME
docker logs --since 1h --until 2000-01-01T00:00:00Z $NAME
