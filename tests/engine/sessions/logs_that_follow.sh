docker run -d --name $NAME busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done'
docker logs -f $NAME
docker wait $NAME
