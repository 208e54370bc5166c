docker container create --name $NAME busybox sleep 600
docker container start $NAME
docker container ls -q -f name=$NAME | wc -l
docker container exec $NAME echo in
docker container stats --no-stream --format '{{.Name}} {{.PIDs}}' $NAME
docker container stats --no-stream --no-trunc nothing-$NAME
docker container top $NAME -o comm
docker container port $NAME
docker container pause $NAME
docker container unpause $NAME
docker container update --cpus 1 $NAME
docker container rename $NAME $NAME.b
docker container stop -t 0 $NAME.b
docker container restart -t 0 $NAME.b
docker container kill $NAME.b
docker container wait $NAME.b
docker container diff $NAME.b
docker container logs $NAME.b
docker container inspect -f '{{.Name}}' $NAME.b
docker container cp $NAME.b:/etc - | tar -t
docker container export $NAME.b | tar -t | wc -l
docker container commit $NAME.b $NAME:c
docker image history -q $NAME:c | wc -l
docker image tag $NAME:c $NAME:d
docker image ls -q $NAME | sort -u | wc -l
docker image save $NAME:c | docker image load
docker image rm $NAME:c $NAME:d
docker container rm $NAME.b
