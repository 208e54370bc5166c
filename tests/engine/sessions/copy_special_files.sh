docker run -d --name $NAME busybox sh -c 'cd /tmp; mkfifo pipe; mknod null c 1 3; ln -s file link; echo text > file; ln file hard; chmod 4755 file; mkdir empty; touch "a b ü"; touch $(printf "%0200d" 7); touch -d "2001-02-03 04:05:06" old; echo ready; sleep 60'
said $NAME ready
docker cp $NAME:/tmp - | tar -tv | sed 's/ [0-9-]* [0-9:]* / /' | sort
docker cp $NAME:/tmp/link out.link
readlink out.link
docker cp -L $NAME:/tmp/link out.file
stat -c %a out.file
docker cp -a $NAME:/tmp/old out.old
stat -c %Y out.old
docker cp $NAME:/tmp/pipe out.pipe
stat -c %F out.pipe
docker cp $NAME:/tmp/null out.null
docker cp $NAME:/dev/null out.dev
docker cp $NAME:/proc/version - | tar -t
docker cp "$NAME:/tmp/a b ü" .
docker cp $NAME:/tmp/. everything
ls everything | sort
docker cp $NAME:/tmp/file $NAME:/tmp/other
mkfifo pipe
ln -s nowhere link
ln -s /etc/hostname absolute
docker cp pipe $NAME:/tmp/pipe.in
docker cp link $NAME:/tmp/link.in
docker cp -L link $NAME:/tmp/link.in
docker cp -L absolute $NAME:/tmp/hostname.in
docker cp absolute $NAME:/tmp/absolute.in
tar -c link absolute pipe | docker cp - $NAME:/var
tar -c link absolute pipe | docker cp - $NAME:/tmp
echo nonsense | docker cp - $NAME:/tmp
docker cp out.file $NAME:/no/such/folder/ 2>&1 | grep -v "level=error"
docker cp out.file $NAME:/tmp/file/ 2>&1 | grep -v "level=error"
docker cp everything $NAME:/tmp/file 2>&1 | grep -v "level=error"
docker cp out.file $NAME:../../tmp/dots
docker cp nothing $NAME:/tmp
docker cp $NAME:/tmp/nothing -
docker exec $NAME ls /tmp
docker exec $NAME sh -c 'stat -c "%F %N" /tmp/*.in /tmp/link /tmp/absolute'
docker stop -t 0 $NAME
docker cp out.file $NAME:/tmp/stopped
docker cp $NAME:/tmp/stopped - | tar -xO
