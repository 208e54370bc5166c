docker run -d --name $NAME --restart on-failure:2 busybox sh -c 'echo try; exit 3'
until [ $(docker inspect -f '{{.State.Status}}' $NAME) = exited ]; do sleep 0.2; done 2>&1 | tail -n 0
docker inspect -f '{{.RestartCount}} {{.State.ExitCode}} {{json .HostConfig.RestartPolicy}}' $NAME
docker logs $NAME
docker run -d --name $NAME.always --restart always busybox sleep 600
docker kill $NAME.always
docker start $NAME.always
docker stop -t 0 $NAME.always
docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' $NAME.always
docker update --restart unless-stopped $NAME.always
docker inspect -f '{{json .HostConfig.RestartPolicy}}' $NAME.always
docker run --rm --restart always busybox true
docker create --restart nonsense busybox
docker create --restart always:3 busybox
docker update --restart nonsense $NAME
