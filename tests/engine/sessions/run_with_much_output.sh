docker run --rm busybox head -c 20000000 /dev/zero | md5sum
