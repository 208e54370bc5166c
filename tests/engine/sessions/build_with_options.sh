mkdir context
printf 'ignored\n' > context/.dockerignore
echo kept > context/kept
echo secret > context/ignored
ln -s kept context/link
tar -cf context/archive.tar -C /etc hostname
printf 'ARG BASE=busybox\nFROM $BASE AS first\nARG WORD=none\nWORKDIR /w\nCOPY . .\nRUN ls -A; echo $WORD > word; mkfifo pipe\nADD archive.tar /unpacked\nFROM busybox AS second\nCOPY --from=first /w/word /word\nENV A=b\nUSER 5\nEXPOSE 80\nVOLUME /v\nHEALTHCHECK CMD true\nLABEL a="b c"\nONBUILD RUN true\nSTOPSIGNAL INT\nSHELL ["/bin/sh", "-ec"]\nENTRYPOINT ["cat"]\nCMD ["/word"]\n' > context/Other
docker build --no-cache --network none --build-arg WORD=given --label made=$NAME --force-rm --memory 64m --shm-size 8m --iidfile id -f context/Other -t $NAME:one -t $NAME:two context
docker run --rm $NAME:one
docker image inspect -f '{{json .Config}}' $NAME:two
docker build -q --target first -f context/Other context | wc -c
docker build --target nothing -f context/Other context
docker build --pull -f context/Other --build-arg BASE=localhost:1/nothing context
docker build -f nothing context
tar -c -C context . | docker build -q -f Other --network none - | wc -c
printf 'FROM scratch\nCOPY nothing /\n' | docker build -
printf 'NONSENSE\n' | docker build -
printf '' | docker build -
docker build http://localhost:1/nothing
docker build -t 'Not A Name' context
docker history --format '{{.CreatedBy}} {{.Size}}' $NAME:one
docker rmi $NAME:one $NAME:two
docker image prune -f > /dev/null
