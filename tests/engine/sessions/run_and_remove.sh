docker run --rm --name $NAME busybox true
docker ps -aqf name=$NAME
