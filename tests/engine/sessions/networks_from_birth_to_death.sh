docker network create --internal --subnet $NETWORK.7.0/24 --gateway $NETWORK.7.1 --ip-range $NETWORK.7.128/25 --label only=$NAME -o com.docker.network.bridge.enable_icc=false $NAME
docker network create --internal $NAME
docker network create --subnet nonsense $NAME.x
docker network create host
docker network inspect -f '{{json .IPAM.Config}} {{json .Options}} {{.Driver}} {{.Scope}}' $NAME
docker network inspect --verbose -f '{{.Name}}' $NAME
docker network ls --no-trunc --format '{{.Name}} {{.Driver}}' -f label=only=$NAME
docker network ls -f type=custom -f driver=bridge -f name=$NAME --format '{{.Name}}'
docker network ls -f nonsense=1
docker run -d --name $NAME --network $NAME --ip $NETWORK.7.200 --network-alias other busybox sleep 600
docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.IPPrefixLen}}{{end}}' $NAME
docker network connect $NAME $NAME
docker network rm $NAME
docker network disconnect $NAME $NAME
docker network connect --alias again --ip $NETWORK.7.201 $NAME $NAME
docker exec $NAME ip -4 -o addr show | grep -o "${NETWORK}[.]7[.][0-9]*/"
docker network disconnect -f $NAME $NAME
docker network disconnect $NAME nothing-$NAME
docker network connect nothing-$NAME $NAME
docker network prune -f --filter label=only=$NAME
docker network rm $NAME bridge
docker network inspect $NAME
