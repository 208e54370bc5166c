docker run --name $NAME --label a=b busybox touch /made
docker commit $NAME $NAME:plain
docker commit -a 'Somebody <a@b>' -m 'why "so"' -p=false -c 'ENV A=b' -c 'CMD ["ls", "/made"]' -c 'LABEL c=d' -c 'EXPOSE 80' $NAME $NAME:full
docker image inspect -f '{{.Author}} {{.Comment}} {{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Labels}} {{len .RootFS.Layers}}' $NAME:plain $NAME:full
docker run --rm $NAME:full
docker commit -c 'RUN nonsense' $NAME
docker commit $NAME 'NOT A NAME'
docker commit nothing-$NAME
docker rmi $NAME:plain $NAME:full
