docker create -i --name $NAME busybox cat
echo typed | docker start -ai $NAME
