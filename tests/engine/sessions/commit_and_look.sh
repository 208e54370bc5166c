docker run -d --name $NAME busybox touch /made
docker wait $NAME
docker commit -m why -c 'CMD ls /made' $NAME $NAME
docker run --rm $NAME
docker images $NAME
docker rmi $NAME
docker image inspect $NAME
