docker plugin ls
docker plugin ls --filter enabled=true --format '{{.Name}}'
docker plugin ls --filter nonsense=1
docker plugin enable nothing
docker plugin set nothing a=b
docker plugin push localhost:1/nothing
docker plugin create $NAME /no/such/folder
mkdir -p plugin/rootfs
echo '{"interface": {"types": ["nonsense"], "socket": "x.sock"}, "entrypoint": ["/x"]}' > plugin/config.json
docker plugin create $NAME plugin
docker plugin inspect -f '{{.Name}} {{.Enabled}}' $NAME
docker plugin rm -f $NAME
