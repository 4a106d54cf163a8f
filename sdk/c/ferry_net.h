/* Outbound connections for C and C++ programs built for WASI preview 1 (wasm32-wasi,
 * wasm32-wasip1). Include it; there is nothing to link. A host that grants the connection
 * (docs/network.md) gives a descriptor for read(2), write(2), recv(2), send(2), shutdown(2),
 * poll(2) and close(2). */
#ifndef FERRY_NET_H
#define FERRY_NET_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Connects to a host, by name or address, on a TCP port. A descriptor that blocks, or -1 with
 * errno: EACCES not granted, ENOENT no such name, ECONNREFUSED, ETIMEDOUT, EMFILE. */
static inline int ferry_connect(const char* host, unsigned port) {
  char path[300];
  int length;
  if (host == NULL || strchr(host, '/') != NULL) {
    errno = EINVAL;
    return -1;
  }
  length = snprintf(path, sizeof path, "/dev/tcp/%s/%u", host, port);
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open(path, O_RDWR);
}

#endif
