docker events --since $(date +%s) --until $(($(date +%s) + 4)) --filter container=$NAME --format '{{.Type}} {{.Action}}' &
sleep 1
docker run --rm --name $NAME busybox true
wait
