docker create --name $NAME busybox
head -c 30000000 /dev/zero > big
docker cp big $NAME:/tmp/
docker cp -q $NAME:/tmp/big out
md5sum out
docker diff $NAME
