docker run --name $NAME busybox /no/such/program
