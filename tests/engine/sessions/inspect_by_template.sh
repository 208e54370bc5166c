docker network create --internal $NAME
docker volume create $NAME
docker create --name $NAME --network $NAME -v $NAME:/v -m 64m -e A='b c' --label 'k=v "w" ü' busybox sh -c 'echo "<>&"'
docker inspect -f '{{json .Config}}' $NAME
docker inspect -f '{{json .HostConfig}}' $NAME
docker inspect -f '{{json .State}} {{json .Mounts}} {{.RestartCount}} {{.Driver}} {{.Path}} {{join .Args " "}}' $NAME
docker inspect -s -f '{{.SizeRw}} {{.SizeRootFs}}' $NAME
docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.Aliases}}{{end}}' $NAME
docker inspect -f '{{.Nonsense}}' $NAME
docker inspect -f '{{' $NAME
docker inspect --type image $NAME
docker inspect --type network -f '{{.Internal}}' $NAME
docker inspect --type volume -f '{{.Name}} {{.Driver}}' $NAME
docker inspect --type nonsense $NAME
docker inspect $NAME | grep -v -e Path -e '"Id"' -e Created -e Mac -e Sandbox -e EndpointID -e Hostname -e '/data/'
docker image inspect busybox | grep -v -e Dir
docker inspect -f '{{.Os}} {{.Size}} {{json .RootFS}}' busybox
docker rm $NAME
docker network rm $NAME
docker volume rm $NAME
