echo hi | docker run -i --rm busybox cat
