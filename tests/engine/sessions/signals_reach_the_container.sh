docker run --name $NAME busybox sh -c 'trap "echo told; exit 9" TERM; trap "echo usr" USR1; while true; do sleep 0.1; done' > out &
sleep 1.5
kill -USR1 $!
sleep 0.5
kill -TERM $!
wait $!
cat out
docker kill -s NONSENSE $NAME
docker run -d --name $NAME.stop --stop-signal USR2 busybox sh -c 'trap "exit 11" USR2; while true; do sleep 0.1; done'
docker stop $NAME.stop
docker wait $NAME.stop
