docker run --rm -m 1k busybox
docker run --rm -m nonsense busybox
docker run --rm --cpus 5000 busybox
docker run --rm --cap-add NONSENSE busybox
docker run --rm --network nothing busybox
docker run --rm --network container:nothing-$NAME busybox
docker run --rm --runtime nothing busybox
docker run --rm --user nobody-here busybox
docker run --rm --workdir relative busybox
docker run --rm -v /x:relative busybox
docker run --rm --mount type=bind,src=/no/such,dst=/x busybox
docker run --rm --mount type=volume,dst=/ busybox
docker run --rm --tmpfs / busybox
docker run --rm --ulimit nonsense=1 busybox
docker run --rm --sysctl nonsense=1 busybox
docker run --rm --device /dev/nothing busybox
docker run --rm --security-opt nonsense busybox
docker run --rm --platform windows/amd64 busybox
docker run --rm --shm-size -1 busybox
docker run --rm --pid container:nothing-$NAME busybox
docker run --rm --ip 10.0.0.1 busybox
docker run --rm --hostname "$(printf '%0300d' 1)" busybox
docker run --rm busybox /bin
docker run --rm --entrypoint '' busybox
docker run --rm 'busybox:not a tag'
docker run --rm -e A="$(head -c 100000 /dev/zero | tr '\0' x)" busybox sh -c 'echo ${#A}'
