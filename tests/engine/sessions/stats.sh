docker run -d --name $NAME busybox sleep 60
docker stats --no-stream --format '{{.Name}} {{.PIDs}}' $NAME
