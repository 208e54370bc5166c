docker pull localhost:1/nothing
docker pull -a localhost:1/nothing
docker pull localhost:1/nothing@sha256:0000000000000000000000000000000000000000000000000000000000000000
docker pull 'Not A Name'
docker tag busybox localhost:1/$NAME
docker push localhost:1/$NAME
docker push localhost:1/nothing-$NAME
docker rmi localhost:1/$NAME
docker search localhost:1/nothing
docker search --filter nonsense=1 localhost:1/nothing
docker login -u somebody -p secret localhost:1
echo secret | docker login -u somebody --password-stdin localhost:1
docker logout localhost:1
docker run --rm localhost:1/nothing
docker run --rm --pull never nothing-$NAME
docker create --pull always localhost:1/nothing
docker plugin install --grant-all-permissions localhost:1/nothing
