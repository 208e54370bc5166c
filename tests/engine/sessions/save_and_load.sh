docker tag busybox $NAME:saved
docker save $NAME:saved -o saved.tar
tar -tf saved.tar
docker rmi $NAME:saved
docker load -i saved.tar
docker save busybox | md5sum
docker save busybox | docker load
docker rmi $NAME:saved
