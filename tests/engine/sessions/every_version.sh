for minor in $(seq 24 41); do DOCKER_API_VERSION=1.$minor docker version --format '{{.Client.APIVersion}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Version}}'; done
docker create --name $NAME --label only=$NAME busybox
for minor in $(seq 24 41); do DOCKER_API_VERSION=1.$minor docker ps -a -f label=only=$NAME --format '{{.Names}} {{.State}}'; done
for minor in 24 25 30 40 41; do DOCKER_API_VERSION=1.$minor docker inspect -f '{{.State.Status}} {{.HostConfig.Memory}} {{json .Mounts}}' $NAME; done
for minor in 24 25 30 40 41; do DOCKER_API_VERSION=1.$minor docker images --format '{{.Repository}} {{.Size}}' busybox; done
for minor in 24 25 30 40 41; do DOCKER_API_VERSION=1.$minor docker rm nothing-$NAME; done
for minor in 42 47; do DOCKER_API_VERSION=1.$minor docker ps; done
