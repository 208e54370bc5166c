docker run -d --name $NAME busybox sleep 60
docker exec $NAME cat
docker exec -d $NAME true
