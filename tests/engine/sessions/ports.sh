docker network create --internal $NAME
docker network create --subnet $NETWORK.8.0/24 $NAME.open
docker run -d --name $NAME --network $NAME.open -p 127.0.0.1:$PORT:80 -p 127.0.0.1:$PORT:81/udp --expose 82 busybox sleep 600
docker port $NAME
docker port $NAME 80
docker port $NAME 99
docker ps -f name=$NAME --format '{{.Ports}}'
docker run --rm --network $NAME.open -p 127.0.0.1:$PORT:80 --name $NAME.second busybox true
docker rm -f $NAME $NAME.second
docker network rm $NAME $NAME.open
