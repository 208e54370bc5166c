docker run -di --name $NAME busybox sh -c 'read a; echo got $a; sleep 1; exit 6'
(sleep 1; echo word) | docker attach $NAME
