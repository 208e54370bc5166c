docker run -d --name $NAME busybox sleep 600
docker pause $NAME
docker unpause $NAME
docker rename $NAME $NAME.b
docker update -m 64m --memory-swap 64m $NAME.b
docker top $NAME.b -o pid,args | awk '{print $2}'
docker port $NAME.b
