docker run -d --name $NAME -m 64m --memory-swap 128m busybox sleep 600
docker update --cpus 0.5 --cpu-shares 512 --pids-limit 20 --memory-reservation 32m --blkio-weight 300 $NAME
docker inspect -f '{{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}} {{.HostConfig.MemoryReservation}} {{.HostConfig.Memory}}' $NAME
docker update -m 1g $NAME
docker update -m 1k $NAME
docker update --cpus 5000 $NAME
docker update --cpuset-cpus 999 $NAME
docker update --kernel-memory 64m $NAME
docker update $NAME
