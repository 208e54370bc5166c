export DOCKER_API_VERSION=1.24
docker run --name $NAME busybox sh -c 'echo out; echo err >&2; exit 3'
docker logs $NAME
docker start -a $NAME
docker exec $NAME true
docker run --rm -i busybox cat < /dev/null
docker volume create $NAME
docker volume rm $NAME
docker network create --internal $NAME
docker network rm $NAME
docker commit $NAME $NAME:old
docker rmi $NAME:old
export DOCKER_API_VERSION=1.30
docker run --rm --name $NAME.rm busybox sh -c 'exit 4'
docker stop -t 0 $NAME
docker wait $NAME
docker rm $NAME
export DOCKER_API_VERSION=1.40
docker run -d --name $NAME busybox sleep 60
docker exec $NAME sh -c 'echo out; exit 6'
docker rm -f $NAME
