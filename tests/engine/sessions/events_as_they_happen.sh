docker events --until $(($(date +%s) + 4)) --filter container=$NAME --format '{{.Type}} {{.Action}}' > seen &
sleep 1
docker run --rm --name $NAME busybox true
wait
cat seen
