docker run -d --name $NAME busybox sleep 600
runs $NAME sleep
docker top $NAME -o pid,comm | awk '{print $2}'
docker top $NAME -eo args
docker top $NAME --nonsense
docker stop -t 0 $NAME
docker top $NAME
