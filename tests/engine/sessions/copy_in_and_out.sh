docker create --name $NAME busybox
echo text > file
mkdir folder
cp file folder/b
docker cp file $NAME:/tmp/
docker cp folder $NAME:/tmp/
docker cp $NAME:/tmp/folder out
cat out/b
docker cp $NAME:/tmp/file - | tar -xO
docker cp $NAME:/none .
