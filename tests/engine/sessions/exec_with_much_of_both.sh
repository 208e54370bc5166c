docker run -d --name $NAME busybox sleep 60
head -c 9000000 /dev/zero | docker exec -i $NAME cat | md5sum
