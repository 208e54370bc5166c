docker run -d --name $NAME busybox sleep 60
printf 'a\nb\n' | docker exec -i $NAME wc -l
