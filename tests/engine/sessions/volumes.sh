docker volume create --label a=b $NAME
docker volume ls -f name=$NAME
docker run --rm -v $NAME:/v busybox sh -c 'echo kept > /v/file'
docker run --rm -v $NAME:/v:ro busybox cat /v/file
docker volume inspect -f '{{.Labels}} {{.Driver}}' $NAME
docker volume rm $NAME
