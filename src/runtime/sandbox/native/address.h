// Addresses of the Internet, of both families.
#pragma once

#include "sandbox.h"

#include <netinet/in.h>
#include <sys/socket.h>

union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

enum reach { LOOPBACK, EVERYWHERE, ONE_ADDRESS };
enum { FOUR, SIX };

// The address that a process names in its own memory; false when it is none of the Internet.
bool read_address(pid_t pid, uint64_t place, uint64_t length, union address *address);
socklen_t size_of(const union address *address);
uint16_t port_of(const union address *address);
// Of IPv4, be it in the clothes of IPv6.
bool is_four(const union address *address);
enum reach reach_of(const union address *address);
// The one of `family` for a socket of `domain`
socklen_t loopback(union address *address, int domain, int family, uint16_t port);
