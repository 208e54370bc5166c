docker inspect $NAME/../x
docker rm 'a b'
docker logs ''
docker volume inspect ü
docker rm %2e%2e
docker image inspect a/b/c:d
