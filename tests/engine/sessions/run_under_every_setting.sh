printf 'FROM_FILE=yes\n' > env
printf 'from-file=yes\n' > labels
mkdir bound
echo bound > bound/file
docker run --name $NAME --cidfile cid --env-file env --label-file labels -e EMPTY= --add-host far:10.0.0.1 --dns 10.0.0.2 --dns-search example.com --dns-option ndots:2 --blkio-weight 300 --cap-add NET_ADMIN --cap-drop MKNOD --cgroup-parent '' --cpu-shares 512 --cpus 0.9 --cpuset-cpus 0 --device /dev/null:/dev/void:r --device-cgroup-rule 'c 1:3 r' --domainname d --entrypoint /bin/sh --group-add 9 --hostname h --ipc private --isolation default --link-local-ip '' --log-opt max-size=1m --memory 64m --memory-reservation 32m --memory-swap 64m --memory-swappiness 10 --mount type=bind,src=$PWD/bound,dst=/b,readonly --mount type=tmpfs,dst=/m,tmpfs-size=1m --network none --no-healthcheck --oom-score-adj 100 --pids-limit 50 --platform linux/amd64 --read-only --runtime runc --security-opt no-new-privileges --shm-size 1m --stop-signal INT --stop-timeout 3 --sysctl net.ipv4.ip_forward=0 --tmpfs /t:size=1m --ulimit nofile=100:200 --ulimit core=0 --user 5:6 --userns '' --uts '' -v $PWD/bound:/b2:ro -v /anonymous --volume-driver local --workdir /w busybox -c 'env | grep -v -e HOSTNAME | sort; id; pwd; hostname; cat /b/file /b2/file; ulimit -n; grep -e far /etc/hosts; cat /etc/resolv.conf; touch /x; df /t /m | wc -l'
docker inspect -f '{{json .HostConfig}}' $NAME
wc -c < cid
docker run --cidfile cid busybox
docker run --rm --privileged busybox sh -c 'grep CapEff /proc/self/status; ls /dev | grep -c .'
docker run --rm --network host --pid host --ipc host --uts host --cgroupns host busybox hostname
docker run --rm --init busybox ps -o comm
docker run --rm --security-opt seccomp=unconfined --security-opt apparmor=unconfined busybox true
docker run --rm --gpus all busybox true
