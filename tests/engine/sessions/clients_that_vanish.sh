{ timeout -s KILL 2 docker run --name $NAME busybox sh -c 'echo here; sleep 60'; } 2> killed
docker ps --format '{{.Names}} {{.State}}' -f name=$NAME
{ timeout -s KILL 1 docker logs -f $NAME; } 2> killed
timeout -s INT 1 docker events -f container=$NAME
docker exec $NAME yes | head -n 2
yes | docker exec -i $NAME head -n 2
docker exec $NAME echo fine
