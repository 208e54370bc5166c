docker network create --internal --label a=b $NAME
docker network ls -f name=$NAME
docker run -d --name $NAME busybox sleep 60
docker network connect $NAME $NAME
docker network inspect -f '{{len .Containers}} {{.Internal}} {{.Labels}}' $NAME
docker network disconnect $NAME $NAME
docker network rm $NAME
docker network rm $NAME
