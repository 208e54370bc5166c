docker run -d --name $NAME busybox sh -c 'sleep 600; true'
docker top $NAME -o pid,comm | awk '{print $2}'
docker top $NAME -eo args
docker top $NAME --nonsense
docker stop -t 0 $NAME
docker top $NAME
