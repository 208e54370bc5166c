docker run -d --name $NAME busybox sh -c 'echo early; sleep 2; echo late'
sleep 1
middle=$(date +%s.%N)
docker logs --until $middle $NAME
docker logs --since $middle --tail 10 -f $NAME
docker logs --since 2000-01-01T00:00:00 --until 1h $NAME
docker logs --since 1h --until 2000-01-01T00:00:00Z $NAME
