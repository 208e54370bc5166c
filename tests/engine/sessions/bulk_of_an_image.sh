mkdir image
truncate -s 310000000 image/big
tar -cz image | docker import - $NAME
docker save $NAME | tee >(docker load > loaded; echo done > over) | wc -c
until test -e over; do sleep 0.1; done
cat loaded
docker rmi $NAME
