/*
 * bare-starter RUNTIME SCRIPT AT-ONCE LOADING-MS SERVICE...: starts services as soon as what they need listens, those with the highest rank first,
 * at most AT-ONCE in any LOADING-MS, and does nothing besides. A SERVICE is PORT:INIT_MS:RANK:NEED,NEED with needs as places in the list. Prints
 * "ready" when all listen, ends with SIGTERM to each when its standard input closes. What the machine itself takes for a start in the order of
 * needs: the floor for bench/startup.ts.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 64

extern char **environ;

static struct {
  int port, rank, need[2], needs, started, listens;
  double at;
  char init[24];
  pid_t pid;
} service[MOST];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Marks every service whose port is in state LISTEN (0A) in the kernel's table. One read takes it whole. */
static int look(int count) {
  static char table[1 << 20];
  int file = open("/proc/net/tcp", O_RDONLY);
  if (file < 0) return -1;
  size_t length = 0;
  for (ssize_t more; (more = read(file, table + length, sizeof table - 1 - length)) > 0;) length += (size_t)more;
  close(file);
  table[length] = 0;
  int listening = 0;
  for (char *line = strchr(table, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
    unsigned port, state;
    if (sscanf(line, " %*d: %*8[0-9A-F]:%4X %*8[0-9A-F]:%*4X %2X", &port, &state) != 2 || state != 0x0A) continue;
    for (int i = 0; i < count; i++)
      if (service[i].started && service[i].port == (int)port) service[i].listens = 1;
  }
  for (int i = 0; i < count; i++) listening += service[i].listens;
  return listening;
}

static int startable(int i) {
  if (service[i].started) return 0;
  for (int n = 0; n < service[i].needs; n++)
    if (!service[service[i].need[n]].listens) return 0;
  return 1;
}

/* The startable one of the highest rank, or -1. */
static int next(int count) {
  int best = -1;
  for (int i = 0; i < count; i++)
    if (startable(i) && (best < 0 || service[i].rank > service[best].rank)) best = i;
  return best;
}

static int start(int i, char *runtime, char *script) {
  char port[32], init[48], *arguments[] = {runtime, script, NULL}, *environment[MOST] = {port, init};
  snprintf(port, sizeof port, "PORT_HTTP=%d", service[i].port);
  snprintf(init, sizeof init, "INIT_MS=%s", service[i].init);
  service[i].started = 1;
  service[i].at = now();
  return posix_spawn(&service[i].pid, runtime, NULL, NULL, arguments, environment);
}

int main(int argc, char **argv) {
  int count = argc - 5;
  if (count < 1 || count > MOST) return 2;
  int at_once = atoi(argv[3]);
  double loading_ms = atof(argv[4]);
  for (int i = 0; i < count; i++) {
    service[i].needs = sscanf(argv[i + 5], "%d:%23[0-9]:%d:%d,%d", &service[i].port, service[i].init, &service[i].rank, &service[i].need[0],
                              &service[i].need[1]) - 3;
    if (service[i].needs < 0) return 2;
  }
  for (int listening = 0; listening < count;) {
    int loading = 0;
    for (int i = 0; i < count; i++) loading += service[i].started && now() - service[i].at < loading_ms;
    for (int i; loading < at_once && (i = next(count)) >= 0; loading++)
      if (start(i, argv[1], argv[2]) != 0) return 1;
    struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
    if ((listening = look(count)) < 0) return 1;
  }
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  for (int i = 0; i < count; i++) kill(service[i].pid, SIGTERM);
  for (int i = 0; i < count; i++) waitpid(service[i].pid, NULL, 0);
  return 0;
}
