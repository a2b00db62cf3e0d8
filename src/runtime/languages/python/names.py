# -*- coding: utf-8 -*-
# Leads calls of the user's code to the cloud's names to this server. One file for Python 2.7 and 3.6 and newer.
# urllib, http.client, requests, asyncio and the SDKs look up with socket.getaddrinfo, connect with socket.socket and
# wrap with ssl.SSLContext: those are changed, when they are first imported, as importing them here would cost more
# than most handlers take to load. Host header, server name and the check of the certificate's name stay the client's.
# Code in other processes, and libraries with resolvers of their own (gevent, uvloop, gRPC), are not reached.
from __future__ import absolute_import

import sys

PY2 = sys.version_info[0] == 2
text_type = unicode if PY2 else str  # noqa: F821


class Names(object):
    """Settings: NamesSettings in src/runtime/names.ts."""

    def __init__(self, settings):
        self.suffixes = tuple(str(suffix) for suffix in settings['suffixes'])
        self.host = str(settings['host'])
        self.address = str(settings['address'])
        self.ports = dict((int(port), mapped) for port, mapped in settings['ports'].items())
        self.ca = settings['ca']

    def matches(self, name):
        if isinstance(name, (bytes, bytearray)):
            name = bytes(name).decode('latin-1')
        if not isinstance(name, text_type):
            return False
        # A name may be written with the dot of the root.
        plain = (name[:-1] if name.endswith('.') else name).lower()
        return plain.endswith(self.suffixes) and not plain.startswith('.')

    def led(self, address):
        """Where a connection to a socket's address is to go."""
        if not isinstance(address, tuple) or len(address) < 2:
            return address
        if address[0] != self.address and not self.matches(address[0]):
            return address
        return (self.host, self.ports.get(address[1], address[1])) + address[2:]


def change_socket(names, module):
    look_up = module.getaddrinfo
    by_name, by_name_ex = module.gethostbyname, module.gethostbyname_ex
    connect, connect_ex = module.socket.connect, module.socket.connect_ex

    # The signatures of the originals: callers name the parameters.
    if PY2:
        def getaddrinfo(host, port, family=0, socktype=0, proto=0, flags=0):
            return look_up(names.address if names.matches(host) else host, port, family, socktype, proto, flags)
    else:
        def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
            return look_up(names.address if names.matches(host) else host, port, family, type, proto, flags)

    def gethostbyname(hostname):
        return by_name(names.address if names.matches(hostname) else hostname)

    def gethostbyname_ex(hostname):
        return by_name_ex(names.address if names.matches(hostname) else hostname)

    def connect_led(self, address):
        return connect(self, names.led(address))

    def connect_ex_led(self, address):
        return connect_ex(self, names.led(address))

    module.getaddrinfo = getaddrinfo
    module.gethostbyname = gethostbyname
    module.gethostbyname_ex = gethostbyname_ex
    module.socket.connect = connect_led
    module.socket.connect_ex = connect_ex_led


def change_ssl(names, module):
    """The CA is added to a context when it is first used for one of the names, beside what it trusts already."""
    context = module.SSLContext
    # Where each takes the server name when it is given by position, `self` not counted.
    for method, position in (('wrap_socket', 4), ('wrap_bio', 3)):
        if hasattr(context, method):
            setattr(context, method, trusting(names, getattr(context, method), position))


def trusting(names, wrap, position):
    def wrapped(self, *args, **options):
        name = args[position] if len(args) > position else options.get('server_hostname')
        if names.matches(name) and not options.get('server_side'):
            self.load_verify_locations(cadata=names.ca)
        return wrap(self, *args, **options)
    return wrapped


def change_pyopenssl(names, module):
    """Older releases of requests do TLS with pyOpenSSL where it is installed."""
    context = module.PyOpenSSLContext
    wrap = context.wrap_socket

    def wrap_socket(self, sock, *args, **options):
        name = args[3] if len(args) > 3 else options.get('server_hostname')
        if names.matches(name):
            crypto = module.OpenSSL.crypto
            self._ctx.get_cert_store().add_cert(crypto.load_certificate(crypto.FILETYPE_PEM, names.ca.encode('ascii')))
        return wrap(self, sock, *args, **options)
    context.wrap_socket = wrap_socket


CHANGES = {
    'socket': change_socket,
    'ssl': change_ssl,
    'urllib3.contrib.pyopenssl': change_pyopenssl,
    'requests.packages.urllib3.contrib.pyopenssl': change_pyopenssl,
}


class Finder(object):
    """First on sys.meta_path: changes a module right after its own loader has run it."""

    def __init__(self, names, changes):
        self.names = names
        self.changes = changes

    def find_spec(self, name, path=None, target=None):
        if name not in self.changes:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, 'find_spec', None)
            spec = find(name, path, target) if find is not None and finder is not self else None
            if spec is not None:
                if hasattr(spec.loader, 'exec_module'):
                    spec.loader = Loader(self, spec)
                return spec
        return None

    def changed(self, name, module):
        change = self.changes.pop(name, None)
        if change is not None:
            change(self.names, module)

    # Python 2 asks for these.
    def find_module(self, name, path=None):
        return self if PY2 and name in self.changes else None

    def load_module(self, name):
        change = self.changes.pop(name)
        __import__(name)
        change(self.names, sys.modules[name])
        return sys.modules[name]


class Loader(object):
    def __init__(self, finder, spec):
        self.finder = finder
        self.spec = spec
        self.loader = spec.loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        # The module is told of its own loader, as it would be without this one.
        self.spec.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        self.finder.changed(self.spec.name, module)


def install(settings):
    names = Names(settings)
    changes = dict(CHANGES)
    for name in CHANGES:
        if name in sys.modules:
            changes.pop(name)(names, sys.modules[name])
    sys.meta_path.insert(0, Finder(names, changes))
