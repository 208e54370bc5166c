docker volume create --driver nothing $NAME > volume 2>&1 &
volume=$!
docker network create --driver nothing $NAME > network 2>&1 &
network=$!
docker run --rm --log-driver nothing busybox
wait $volume
wait $network
cat volume network
