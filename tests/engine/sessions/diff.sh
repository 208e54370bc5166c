docker run --name $NAME busybox sh -c 'mkdir /d; echo a > /d/f; echo b > "/d/a b ü"; rm /bin/cat; ln -s x /tmp/link'
docker diff $NAME | sort
docker diff nothing-$NAME
