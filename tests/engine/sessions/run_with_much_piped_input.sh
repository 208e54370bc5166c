head -c 20000000 /dev/zero | docker run -i --rm busybox sh -c 'md5sum; wc -c'
