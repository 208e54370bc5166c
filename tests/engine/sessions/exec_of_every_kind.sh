printf 'A=file\n' > env
docker run -d --name $NAME busybox sleep 600
docker exec --privileged $NAME grep CapEff /proc/self/status
docker exec --env-file env -e B=c --workdir /tmp --user 7:8 $NAME sh -c 'echo $A $B; pwd; id'
docker exec --workdir /nowhere $NAME pwd
docker exec --user nobody-here $NAME id
docker exec -t $NAME sh -c 'echo terminal; exit 3'
docker exec -it $NAME true
docker exec -d $NAME touch /made
has $NAME /made
docker exec $NAME ls /made
docker exec $NAME kill -9 0
docker exec $NAME sh -c 'kill -9 $$'
docker exec $NAME /etc
docker exec -i $NAME sh < /dev/null
echo 'echo from stdin; exit 12' | docker exec -i $NAME sh
docker exec --detach-keys ctrl-nonsense $NAME true
for i in 1 2 3 4 5 6 7 8; do docker exec $NAME sh -c "sleep 0.$i; echo $i" & done > many
wait
sort many
docker inspect -f '{{len .ExecIDs}}' $NAME
docker pause $NAME
docker exec $NAME true
docker stop -t 0 $NAME
docker exec $NAME true
