docker run --rm busybox sh -c 'for i in $(seq 300); do echo $i; echo e$i >&2; done'
