truncate -s $BULK big
printf 'FROM busybox\nRUN echo building; exit 5\n' > Dockerfile
docker build --no-cache --force-rm .
printf 'FROM busybox\nCOPY big /\nRUN wc -c /big\n' > Dockerfile
docker build --no-cache -t $NAME .
docker rmi $NAME
