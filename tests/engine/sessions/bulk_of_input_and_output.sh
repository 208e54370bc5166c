head -c $BULK /dev/zero | docker run -i --rm busybox wc -c
docker run --rm --log-driver none busybox head -c $BULK /dev/zero | wc -c
