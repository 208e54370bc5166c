docker run --name $NAME busybox cat /bin/busybox | md5sum
docker logs $NAME | md5sum
docker run -d --name $NAME.b busybox sleep 60
docker exec $NAME.b cat /bin/busybox | md5sum
docker exec -i $NAME.b md5sum < /bin/busybox
docker exec -i $NAME.b cat < /bin/busybox | md5sum
docker exec $NAME.b printf '\001\000\000\000\000\000\000\004GET \r\n\r\n0\r\n\r\n' | od -c
docker exec $NAME.b sh -c 'printf "\377\000\r\n" >&2; printf "\376"' 2>&1 | wc -c
