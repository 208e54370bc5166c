docker run --rm -a stdout busybox sh -c 'echo out; echo err >&2'
docker run --rm -a stderr busybox sh -c 'echo out; echo err >&2; exit 2'
echo in | docker run -a stdin -i --name $NAME busybox sh -c 'cat > /kept'
docker wait $NAME
docker cp $NAME:/kept - | tar -xO
docker run -it --rm busybox true
docker run -t --rm busybox sh -c 'echo line; stty size'
docker run -d --rm -it --name $NAME.d busybox sh
docker inspect -f '{{.Config.OpenStdin}} {{.Config.StdinOnce}} {{.Config.Tty}}' $NAME.d
