docker run -d --name $NAME busybox sleep 60
docker exec $NAME /no/such/program
