docker volume create --driver nothing $NAME > volume 2>&1 &
volume=$!
docker network create --driver nothing $NAME > network 2>&1 &
network=$!
docker run --rm --log-driver nothing busybox > driver 2>&1 &
driver=$!
docker run -d --name $NAME.b busybox sh -c 'until test -e /done; do sleep 0.2; done; sleep 2; echo logged'
docker logs -f $NAME.b > logs &
docker exec $NAME.b sh -c 'sleep 5; echo executed; touch /done; exit 4' > exec &
executed=$!
docker attach $NAME.b > attached &
(docker wait $NAME.b; echo waited) > wait &
docker run --rm --name $NAME busybox sh -c 'sleep 5; echo ran; exit 5'
wait $executed
wait $volume
wait $network
wait $driver
wait
cat logs exec attached wait volume network driver
