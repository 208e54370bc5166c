docker run -di --name $NAME busybox sh -c 'read a; echo got $a; exit 6'
echo word | docker attach $NAME
