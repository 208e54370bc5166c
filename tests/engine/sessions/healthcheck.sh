docker run -d --name $NAME --health-cmd 'echo looked; test -e /well' --health-interval 300ms --health-retries 2 --health-timeout 5s busybox sleep 600
health() { until docker inspect -f '{{.State.Health.Status}}' $NAME | grep -qx $1; do sleep 0.2; done 2>&1 | tail -n 0; }
health unhealthy
docker ps -q -f name=$NAME -f health=unhealthy | wc -l
docker exec $NAME touch /well
health healthy
docker inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{json .Config.Healthcheck}} {{(index .State.Health.Log 0).Output}}' $NAME
docker ps -f name=$NAME -f health=healthy --format '{{.Names}}'
docker create --no-healthcheck --health-cmd x busybox
docker create --health-interval 1ns --health-cmd x busybox
