docker info | grep -v -e Goroutines -e ' ID:' -e Runtimes: -e 'File Desc' -e 'System Time' -e Listeners -e 'Running:' -e 'Stopped:' -e 'Containers:' -e 'Images:'
docker info --format '{{json .Plugins}} {{.Swarm.LocalNodeState}} {{json .Warnings}}'
docker system info --format '{{.OSType}} {{.Architecture}} {{.NCPU}} {{.MemTotal}} {{.Name}}'
docker run --name $NAME -v $NAME:/v busybox sh -c 'echo kept > /v/kept; echo kept > /kept'
docker system df | awk '{print $1, $2}'
docker system df -v --format '{{range .Containers}}{{.Names}} {{.LocalVolumes}}{{end}}'
docker system df -v | grep -c $NAME
docker rm -v $NAME
docker volume rm $NAME
docker builder prune -f
docker context ls -q
docker checkpoint ls $NAME
