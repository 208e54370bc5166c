echo content > file
head -c 9000000 /dev/zero > big
printf 'FROM busybox\nCOPY file /\nRUN cat /file; exit 0\nCMD echo built\n' > Dockerfile
docker build --no-cache -t $NAME .
docker run --rm $NAME
docker history -q $NAME
docker rmi $NAME
