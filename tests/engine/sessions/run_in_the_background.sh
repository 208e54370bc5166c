docker run -d --name $NAME busybox sleep 60
docker ps --filter name=$NAME
