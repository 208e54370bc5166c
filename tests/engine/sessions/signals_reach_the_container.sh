docker run --name $NAME busybox sh -c 'trap "echo told; exit 9" TERM; trap "echo usr" USR1; echo ready; while true; do sleep 0.1; done' > out &
shown out ready
kill -USR1 $!
shown out usr
kill -TERM $!
wait $!
cat out
docker kill -s NONSENSE $NAME
docker run -d --name $NAME.stop --stop-signal USR2 busybox sh -c 'trap "exit 11" USR2; echo ready; while true; do sleep 0.1; done'
said $NAME.stop ready
docker stop $NAME.stop
docker wait $NAME.stop
