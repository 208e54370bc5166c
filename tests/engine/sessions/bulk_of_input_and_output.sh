head -c 310000000 /dev/zero | docker run -i --rm busybox wc -c
docker run --rm --log-driver none busybox dd if=/dev/zero bs=1M count=110 status=none | wc -c
