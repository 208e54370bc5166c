printf 'FROM busybox\nRUN exit 5\n' | docker build --no-cache -
docker build nowhere
