docker attach $NAME
docker create --name $NAME busybox sleep 60
docker attach $NAME
docker start $NAME
docker pause $NAME
docker attach $NAME
docker unpause $NAME
docker attach --detach-keys nonsense-key $NAME
