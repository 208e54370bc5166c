docker events --since $(date +%s) --filter container=$NAME --format '{{.Type}} {{.Action}}' > seen &
docker run --rm --name $NAME busybox true
shown seen destroy
kill -INT $!
wait $!
cat seen
