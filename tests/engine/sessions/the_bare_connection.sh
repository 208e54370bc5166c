printf 'GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n' | docker system dial-stdio | sed -n '1p;$p'
printf 'GET /v1.41/containers/nothing/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n' | docker system dial-stdio | sed -n '1p;$p'
