# What each session may use to wait for what has to be there first, instead of for a time.
# None of it writes: how often it asks is not seen in what reaches the Engine.
set -o pipefail

# A container has printed a line with this.
said() { until docker logs "$1" 2>&1 | grep -q -e "$2"; do sleep 0.1; done; }

# So many clients have attached to a container.
attached() { until [ "$(docker events --since 1 --until "$(date +%s.%N)" -f "container=$1" -f event=attach | wc -l)" -ge "$2" ]; do sleep 0.1; done; }

# A file of the session has a line with this.
shown() { until grep -q -e "$2" "$1"; do sleep 0.1; done 2> /dev/null; }

# A container has this file.
has() { until docker cp "$1:$2" - > /dev/null 2>&1; do sleep 0.1; done; }

# This is the first command of a container.
runs() { until docker top "$1" -o pid,comm 2> /dev/null | grep -q -e " $2\$"; do sleep 0.1; done; }

trap 'echo "[exit $?]"' DEBUG EXIT
