/*
 * The judge of the guard rail in echoRail.ts: the least a server on this machine can pay for a message. Reads with epoll and sends
 * every byte back to whom it came from: one recv and one send for each message, no more system calls than that.
 * Argument 1: the port, on 127.0.0.1. Exit code 1 with the system's reason when something cannot be had.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 256
#define BUFFER_BYTES (64 * 1024)

static void need(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void welcome(int epoll, int listener) {
  int one = 1;
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) return;
  need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
  watch(epoll, fd);
}

/* Closed connections leave the epoll set by themselves. One message is in flight for each, so the system takes all of it. */
static void echo(int fd) {
  static char buffer[BUFFER_BYTES];
  ssize_t length = recv(fd, buffer, sizeof buffer, 0);
  if (length > 0 && send(fd, buffer, length, MSG_NOSIGNAL) == length) return;
  if (length < 0 && errno == EAGAIN) return;
  close(fd);
}

int main(int count, char **arguments) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0)};
  struct epoll_event events[MAX_EVENTS];
  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int epoll = epoll_create1(0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  need(listener, "socket");
  need(epoll, "epoll_create1");
  need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
  need(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  need(listen(listener, SOMAXCONN), "listen");
  watch(epoll, listener);
  for (;;) {
    int ready = epoll_wait(epoll, events, MAX_EVENTS, -1);
    for (int index = 0; index < ready; index += 1) {
      int fd = events[index].data.fd;
      if (fd == listener) welcome(epoll, listener);
      else echo(fd);
    }
  }
}
