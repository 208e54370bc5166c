for verb in start stop restart kill pause unpause wait logs top diff port attach inspect stats rm; do docker $verb nothing-$NAME; done
docker exec nothing-$NAME true
docker cp nothing-$NAME:/x .
docker cp /etc/hostname nothing-$NAME:/x
docker update -m 64m nothing-$NAME
docker rename nothing-$NAME x
docker commit nothing-$NAME
docker history nothing-$NAME
docker tag nothing-$NAME x
docker rmi nothing-$NAME
docker image inspect nothing-$NAME
docker container inspect nothing-$NAME
docker volume rm nothing-$NAME
docker network rm nothing-$NAME
docker network connect host nothing-$NAME
docker plugin inspect nothing-$NAME
docker plugin disable nothing-$NAME
docker plugin rm nothing-$NAME
docker create --network nothing-$NAME --name $NAME busybox
docker start $NAME
docker run --rm --volumes-from nothing-$NAME busybox
