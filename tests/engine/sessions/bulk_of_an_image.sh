mkdir image
truncate -s $BULK image/big
tar -cz image | docker import - $NAME
docker save $NAME | tee >(docker load > loaded; echo done > over) | wc -c
shown over done
cat loaded
docker rmi $NAME
