docker create --name $NAME busybox
docker export $NAME | docker import - $NAME:imported
docker run --rm $NAME:imported /bin/echo works
docker rmi -f $NAME:imported
