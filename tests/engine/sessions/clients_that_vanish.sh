docker run --name $NAME busybox sh -c 'echo here; sleep 60' > here &
shown here here
{ kill -KILL $!; wait $!; } 2> killed
docker ps --format '{{.Names}} {{.State}}' -f name=$NAME
docker logs -f $NAME > again &
shown again here
{ kill -KILL $!; wait $!; } 2> killed
timeout -s INT 1 docker events -f container=$NAME
docker exec $NAME yes | head -n 2
yes | docker exec -i $NAME head -n 2
docker exec $NAME echo fine
