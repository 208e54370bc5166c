docker run -d --name $NAME busybox sleep 60
docker exec -e A=b -w /tmp -u 7 $NAME sh -c 'id; pwd'
