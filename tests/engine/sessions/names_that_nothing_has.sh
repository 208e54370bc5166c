docker inspect $NAME/../x
docker rm $NAME
docker logs ''
docker volume inspect $NAME
docker network inspect $NAME
docker rmi a/b/c:d
docker image inspect $NAME@sha256:0000000000000000000000000000000000000000000000000000000000000000
