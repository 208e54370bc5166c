docker run -d --name $NAME busybox sleep 600
docker stop -t 0 $NAME
docker start $NAME
docker restart -t 0 $NAME
docker kill -s KILL $NAME
docker wait $NAME
