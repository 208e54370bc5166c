docker run -d --name $NAME busybox sleep 600
docker rm $NAME
docker rm -f $NAME
docker rm $NAME
