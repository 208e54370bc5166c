docker run -di --name $NAME busybox sh -c 'read a; echo got $a; sleep 1; exit 6'
echo word | docker attach $NAME
