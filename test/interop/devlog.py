"""devlog.py SOCKET < FRAMES: says every line to a system log's socket, `<priority>tag: text`, as programs do."""

import socket
import sys

log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.connect(sys.argv[1])
for frame in sys.stdin.buffer:
    log.send(frame.rstrip(b"\n"))
