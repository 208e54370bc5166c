docker run -d --name $NAME busybox sleep 60
docker inspect --format '{{json .HostConfig}} {{json .Config.Cmd}}' $NAME
docker inspect nothing-$NAME
