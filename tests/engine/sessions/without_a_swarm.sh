for thing in node service secret config stack; do docker $thing ls; docker $thing rm nothing; done
docker swarm leave
docker swarm join-token worker
docker swarm unlock-key
docker swarm update --autolock
docker service create --name $NAME busybox
docker service logs nothing
docker node inspect self
echo hidden | docker secret create $NAME -
echo text | docker config create $NAME -
docker swarm join --token nonsense 127.0.0.1:1
