echo content > file
printf 'FROM busybox\nCOPY file /\nRUN cat /file > /copy\nCMD cat /copy\n' > Dockerfile
DOCKER_BUILDKIT=1 docker build --network none --no-cache --progress plain -t $NAME . > said 2>&1
grep -c -e 'unknown command' -e buildx -e 'naming to' said
docker run --rm --pull never $NAME
printf 'FROM busybox\nRUN echo failing; exit 5\n' > Dockerfile
DOCKER_BUILDKIT=1 docker build --network none --no-cache --progress plain . > said 2>&1
docker rmi $NAME
docker builder prune -af > pruned
