docker create --name $NAME busybox
docker export -o exported.tar $NAME
tar -tf exported.tar | sort | head -n 30
docker import -m why -c 'CMD ["echo", "imported"]' -c 'ENV A=b' exported.tar $NAME:imported
docker run --rm $NAME:imported
docker history --format '{{.Comment}} {{.Size}}' $NAME:imported
docker import http://localhost:1/nothing
docker export nothing-$NAME
docker export $NAME -o /no/such/folder/file
docker tag busybox $NAME:second
docker save -o saved.tar busybox $NAME:imported $NAME:second
tar -tf saved.tar | wc -l
docker rmi $NAME:imported $NAME:second
docker load -q < saved.tar | sort
docker images --format '{{.Tag}}' $NAME
docker rmi $NAME:imported $NAME:second
docker save nothing-$NAME
head -c 100000 exported.tar | docker load 2>&1 | sed "s/import-[0-9]*/import/"
echo nonsense | docker load 2>&1 | sed "s/import-[0-9]*/import/"
head -c 3000000 /dev/zero | docker import -
docker load < /dev/null 2>&1 | sed "s/import-[0-9]*/import/"
docker image load -i nothing
