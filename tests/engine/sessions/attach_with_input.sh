docker run -di --name $NAME busybox sh -c 'read a; echo got $a; exit 6'
(sleep 1; echo word; sleep 1) | docker attach $NAME
