docker create --name $NAME --label only=$NAME busybox
docker container prune -f --filter label=only=$NAME
docker ps -aqf name=$NAME
docker system df --format '{{.Type}} {{.TotalCount}}'
