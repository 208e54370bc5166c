docker version
docker info --format '{{.Driver}} {{.Images}} {{.ServerVersion}}'
DOCKER_API_VERSION=1.30 docker version --format '{{.Client.APIVersion}}'
DOCKER_API_VERSION=1.24 docker ps -aqf name=$NAME
