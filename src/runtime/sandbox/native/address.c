// Addresses of the Internet: reading them, making them, telling them apart.

#include "address.h"

#include <string.h>
#include <sys/uio.h>

#define ADDRESS_BYTES_FOUR sizeof(struct sockaddr_in)
// Without the scope, as the kernel takes it (SIN6_LEN_RFC2133).
#define ADDRESS_BYTES_SIX 24

bool read_address(pid_t pid, uint64_t place, uint64_t length, union address *address) {
  if (length < ADDRESS_BYTES_FOUR || length > INT32_MAX) return false;
  memset(address, 0, sizeof *address);
  const struct iovec here = {address, length < sizeof *address ? (size_t)length : sizeof *address};
  const struct iovec there = {(void *)(uintptr_t)place, here.iov_len};
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)here.iov_len) return false;
  return address->any.sa_family == AF_INET || (address->any.sa_family == AF_INET6 && length >= ADDRESS_BYTES_SIX);
}

// Of either family: the port lies at the same place.
uint16_t port_of(const union address *address) {
  return ntohs(address->four.sin_port);
}

bool is_four(const union address *address) {
  return address->any.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&address->six.sin6_addr);
}

enum reach reach_of(const union address *address) {
  const struct in6_addr *six = &address->six.sin6_addr;
  if (!is_four(address) && IN6_IS_ADDR_UNSPECIFIED(six)) return EVERYWHERE;
  if (!is_four(address)) return IN6_IS_ADDR_LOOPBACK(six) ? LOOPBACK : ONE_ADDRESS;
  uint32_t host = address->four.sin_addr.s_addr;
  if (address->any.sa_family == AF_INET6) memcpy(&host, six->s6_addr + 12, sizeof host);
  return host == INADDR_ANY ? EVERYWHERE : (ntohl(host) >> 24) == IN_LOOPBACKNET ? LOOPBACK : ONE_ADDRESS;
}

socklen_t loopback(union address *address, int domain, int family, uint16_t port) {
  memset(address, 0, sizeof *address);
  address->any.sa_family = (sa_family_t)domain;
  address->four.sin_port = htons(port);
  if (domain == AF_INET) {
    address->four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof address->four;
  }
  static const uint8_t MAPPED[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
  if (family == SIX) address->six.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
  else memcpy(&address->six.sin6_addr, MAPPED, sizeof MAPPED);
  return sizeof address->six;
}

socklen_t size_of(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->four : sizeof address->six;
}
