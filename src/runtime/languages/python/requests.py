# -*- coding: utf-8 -*-
# Stands in for the library requests, which the cloud has preinstalled, where this machine has none: its everyday part
# over the standard library, for Python 3. What is not in it is refused with the command that installs the real one.
import base64
import datetime
import http.client
import json as jsons
import os
import socket
import ssl
import sys
import time
import types
import urllib.error
import urllib.parse
import urllib.request
import zlib
from http.cookiejar import CookieJar
from http.cookies import CookieError, SimpleCookie

__version__ = '0+openscf'
REDIRECTS = (301, 302, 303, 307, 308)
CHUNK_BYTES = 65536


def _advice(what):
    runtime = os.environ.get('SCF_RUNTIME', 'Python3.6')
    return '%s: only a small part of requests is built in here; install the library with: openscf runtime install %s' % (
        what, runtime)


# --- exceptions, by the library's names ------------------------------------------------------------------------------

class RequestException(IOError):
    def __init__(self, *args, **known):
        self.response = known.pop('response', None)
        self.request = known.pop('request', None)
        super().__init__(*args)


class InvalidURL(RequestException, ValueError):
    pass


class MissingSchema(RequestException, ValueError):
    pass


class InvalidSchema(RequestException, ValueError):
    pass


class HTTPError(RequestException):
    pass


class TooManyRedirects(RequestException):
    pass


class ConnectionError(RequestException):
    pass


class SSLError(ConnectionError):
    pass


class Timeout(RequestException):
    pass


class ConnectTimeout(ConnectionError, Timeout):
    pass


class ReadTimeout(Timeout):
    pass


class ChunkedEncodingError(RequestException):
    pass


class ContentDecodingError(RequestException):
    pass


class JSONDecodeError(RequestException, jsons.JSONDecodeError):
    def __init__(self, error):
        jsons.JSONDecodeError.__init__(self, error.msg, error.doc, error.pos)
        self.response = self.request = None


# --- answers ---------------------------------------------------------------------------------------------------------

class CaseInsensitiveDict(dict):
    """Keeps the spelling that came first."""

    def __init__(self, entries=()):
        super().__init__()
        self._spelling = {}
        self.update(entries)

    def _known(self, name):
        return self._spelling.get(name.lower(), name)

    def __getitem__(self, name):
        return super().__getitem__(self._known(name))

    def __setitem__(self, name, value):
        super().__setitem__(self._spelling.setdefault(name.lower(), name), value)

    def __delitem__(self, name):
        super().__delitem__(self._known(name))
        del self._spelling[name.lower()]

    def __contains__(self, name):
        return name.lower() in self._spelling

    def get(self, name, default=None):
        return super().get(self._known(name), default)

    def update(self, entries=(), **more):
        for name, value in list(dict(entries).items()) + list(more.items()):
            self[name] = value


class Response(object):
    def __init__(self, answer, history, elapsed):
        self.raw = answer
        self.status_code = answer.code
        self.reason = answer.reason
        self.url = answer.url
        self.history = history
        self.elapsed = elapsed
        self.headers = CaseInsensitiveDict()
        for name, value in answer.headers.items():
            self.headers[name] = '%s, %s' % (self.headers[name], value) if name in self.headers else value
        self.encoding = answer.headers.get_content_charset()
        if self.encoding is None and answer.headers.get('Content-Type', '').startswith('text/'):
            self.encoding = 'ISO-8859-1'
        self.cookies = _cookies_of(answer.headers.get_all('Set-Cookie', ()))
        self._content = None

    ok = property(lambda self: self.status_code < 400)
    is_redirect = property(lambda self: 'location' in self.headers and self.status_code in REDIRECTS)

    @property
    def content(self):
        if self._content is None:
            self._content = b''.join(self._parts(CHUNK_BYTES))
        return self._content

    @property
    def text(self):
        try:
            return self.content.decode(self.encoding or 'utf-8', 'replace')
        except LookupError:
            return self.content.decode('utf-8', 'replace')

    def json(self, **options):
        try:
            return jsons.loads(self.content, **options)
        except jsons.JSONDecodeError as error:
            raise JSONDecodeError(error) from None

    def raise_for_status(self):
        if not self.ok:
            side = 'Client' if self.status_code < 500 else 'Server'
            words = '%s %s Error: %s for url: %s' % (self.status_code, side, self.reason, self.url)
            raise HTTPError(words, response=self)

    def _parts(self, size):
        coding = self.headers.get('Content-Encoding', '').lower()
        # 32: with either kind of head.
        unpack = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress if coding in ('gzip', 'deflate') else bytes
        try:
            while True:
                part = self.raw.read(size)
                if not part:
                    break
                yield unpack(part)
            # Told by read() itself in some versions of Python alone.
            if getattr(self.raw, 'length', None):
                raise http.client.IncompleteRead(b'', self.raw.length)
        except socket.timeout as error:
            raise ConnectionError(error, response=self) from None
        except zlib.error as error:
            raise ContentDecodingError(error, response=self) from None
        except (http.client.HTTPException, OSError) as error:
            raise ChunkedEncodingError(error, response=self) from None
        finally:
            self.raw.close()

    def iter_content(self, chunk_size=1, decode_unicode=False):
        if decode_unicode:
            raise NotImplementedError(_advice('decode_unicode'))
        if self._content is None:
            return self._parts(chunk_size or CHUNK_BYTES)
        size = chunk_size or len(self._content) or 1
        return (self._content[at:at + size] for at in range(0, len(self._content), size))

    def iter_lines(self, chunk_size=512, decode_unicode=False):
        rest = b''
        for part in self.iter_content(chunk_size, decode_unicode):
            lines = (rest + part).split(b'\n')
            rest = lines.pop()
            for line in lines:
                yield line[:-1] if line.endswith(b'\r') else line
        if rest:
            yield rest

    def close(self):
        self.raw.close()

    def __bool__(self):
        return self.ok

    def __iter__(self):
        return self.iter_content(128)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def __repr__(self):
        return '<Response [%s]>' % self.status_code


def _cookies_of(lines):
    found = {}
    for line in lines:
        try:
            found.update((name, one.value) for name, one in SimpleCookie(line).items())
        except CookieError:
            pass
    return found


# --- requests --------------------------------------------------------------------------------------------------------

class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 30
    max_repeats = 30

    def __init__(self, allowed):
        self.allowed = allowed
        self.history = []

    def redirect_request(self, request, answer, code, _reason, _headers, url):
        if not self.allowed:
            return None
        passed = Response(answer, [], None)
        passed.content
        self.history.append(passed)
        method = request.get_method()
        if (code in (302, 303) and method != 'HEAD') or (code == 301 and method == 'POST'):
            method = 'GET'
        data = request.data if code in (307, 308) else None
        leaving = urllib.parse.urlsplit(url)[:2] != urllib.parse.urlsplit(request.full_url)[:2]
        dropped = (('authorization', 'cookie') if leaving else ()) + (
            ('content-type', 'content-length') if data is None else ())
        headers = dict((name, value) for name, value in request.headers.items() if name.lower() not in dropped)
        return urllib.request.Request(url, data, headers, method=method)

    # Known to urllib from Python 3.11 on.
    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


def _untyped(kind, scheme):
    """urllib calls every body a form; requests says nothing of what it has not made itself."""
    def prepare(self, request):
        said = request.has_header('Content-type')
        prepared = getattr(kind, scheme + '_request')(self, request)
        if not said:
            prepared.unredirected_hdrs.pop('Content-type', None)
        return prepared
    return type('Untyped', (kind,), {scheme + '_request': prepare})


_Http = _untyped(urllib.request.HTTPHandler, 'http')


class _Https(_untyped(urllib.request.HTTPSHandler, 'https')):
    def __init__(self, verify):
        # Not the handler's own: it reads all certificates of the system, also for calls without TLS.
        urllib.request.AbstractHTTPHandler.__init__(self)
        self.verify = verify

    def https_open(self, request):
        return self.do_open(http.client.HTTPSConnection, request, context=_context(self.verify))


def _context(verify):
    if verify is True:
        verify = os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('CURL_CA_BUNDLE') or True
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if verify is True:
        return ssl.create_default_context()
    return ssl.create_default_context(**{'capath' if os.path.isdir(verify) else 'cafile': verify})


def _pairs(values):
    entries = values.items() if hasattr(values, 'items') else values
    return [(name, value) for name, value in entries if value is not None]


def _quoted(text):
    """What is written percent-encoded stays as it is."""
    return urllib.parse.quote(text, safe="!#$%&'()*+,/:;=?@[]~")


def _address(url, params):
    if isinstance(url, bytes):
        url = url.decode('utf-8')
    parts = urllib.parse.urlsplit(url.strip())
    if not parts.scheme:
        raise MissingSchema('Invalid URL %r: No scheme supplied. Perhaps you meant https://%s?' % (url, url))
    if parts.scheme not in ('http', 'https'):
        raise InvalidSchema('No connection adapters were found for %r' % url)
    if not parts.hostname:
        raise InvalidURL('Invalid URL %r: No host supplied' % url)
    user = None
    if parts.username is not None:
        user = (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ''))
    query = params if isinstance(params, str) else urllib.parse.urlencode(_pairs(params or ()), doseq=True)
    return user, urllib.parse.urlunsplit((
        parts.scheme, parts.netloc.rpartition('@')[2].encode('idna').decode('ascii'), _quoted(parts.path) or '/',
        _quoted('&'.join(text for text in (parts.query, query) if text)), ''))


def _body(data, json):
    """The bytes, and what they are if this is known."""
    if not data:
        return (None, None) if json is None else (jsons.dumps(json, allow_nan=False).encode('utf-8'), 'application/json')
    if isinstance(data, str):
        return data.encode('utf-8'), None
    if isinstance(data, (bytes, bytearray)):
        return bytes(data), None
    if hasattr(data, 'read'):
        content = data.read()
        return content.encode('utf-8') if isinstance(content, str) else content, None
    if hasattr(data, 'items') or isinstance(data, (list, tuple)):
        form = urllib.parse.urlencode(_pairs(data), doseq=True)
        return form.encode('ascii'), 'application/x-www-form-urlencoded'
    raise NotImplementedError(_advice('data of type %s' % type(data).__name__))


class Session(object):
    def __init__(self):
        self.headers = CaseInsensitiveDict({
            'User-Agent': 'python-requests/' + __version__, 'Accept-Encoding': 'gzip, deflate', 'Accept': '*/*'})
        self.params = {}
        self.auth = None
        self.verify = True
        self._jar = CookieJar()

    def request(self, method, url, params=None, data=None, headers=None, cookies=None, files=None, auth=None, timeout=None,
                allow_redirects=True, proxies=None, hooks=None, stream=False, verify=None, cert=None, json=None):
        for name, value in (('files', files), ('proxies', proxies), ('hooks', hooks), ('cert', cert)):
            if value:
                raise NotImplementedError(_advice(name))
        if isinstance(params, (str, bytes)):
            params = params.decode('utf-8') if isinstance(params, bytes) else params
        else:
            params = _pairs(self.params) + _pairs(params or ())
        user, address = _address(url, params)
        content, kind = _body(data, json)
        lines = CaseInsensitiveDict({} if kind is None else {'Content-Type': kind})
        for name, value in list(self.headers.items()) + list((headers or {}).items()):
            if value is None:
                lines.pop(lines._known(name), None)
            else:
                lines[name] = value.decode('latin-1') if isinstance(value, bytes) else str(value)
        auth = auth or self.auth or user
        if auth:
            if not isinstance(auth, tuple):
                raise NotImplementedError(_advice('auth of type %s' % type(auth).__name__))
            lines['Authorization'] = 'Basic ' + base64.b64encode(':'.join(auth).encode('utf-8')).decode('ascii')
        if cookies:
            lines['Cookie'] = '; '.join('%s=%s' % pair for pair in _pairs(cookies))
        if content is None and method.upper() in ('POST', 'PUT', 'PATCH'):
            lines['Content-Length'] = '0'
        asked = urllib.request.Request(address, content, dict(lines), method=method.upper())
        return self._send(asked, allow_redirects, timeout, self.verify if verify is None else verify, stream)

    def _send(self, asked, allow_redirects, timeout, verify, stream):
        redirects = _Redirects(allow_redirects)
        opener = urllib.request.OpenerDirector()
        for handler in (
                urllib.request.ProxyHandler(), urllib.request.HTTPCookieProcessor(self._jar), _Http(), _Https(verify),
                redirects, urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler()):
            opener.add_handler(handler)
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        began = time.time()
        try:
            answer = opener.open(asked, timeout=limit)
        except urllib.error.HTTPError as error:
            if allow_redirects and error.code in REDIRECTS and 'location' in error.headers:
                raise TooManyRedirects('Exceeded 30 redirects.') from None
            answer = error
        except urllib.error.URLError as error:
            raise _failure(error.reason) from None
        except (http.client.HTTPException, OSError) as error:
            raise ReadTimeout(error) if isinstance(error, socket.timeout) else ConnectionError(error) from None
        response = Response(answer, redirects.history, datetime.timedelta(seconds=time.time() - began))
        if not stream:
            response.content
        return response

    def get(self, url, params=None, **more):
        return self.request('GET', url, params=params, **more)

    def options(self, url, **more):
        return self.request('OPTIONS', url, **more)

    def head(self, url, **more):
        more.setdefault('allow_redirects', False)
        return self.request('HEAD', url, **more)

    def post(self, url, data=None, json=None, **more):
        return self.request('POST', url, data=data, json=json, **more)

    def put(self, url, data=None, **more):
        return self.request('PUT', url, data=data, **more)

    def patch(self, url, data=None, **more):
        return self.request('PATCH', url, data=data, **more)

    def delete(self, url, **more):
        return self.request('DELETE', url, **more)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass


def _failure(reason):
    if isinstance(reason, socket.timeout):
        return ConnectTimeout(reason)
    return SSLError(reason) if isinstance(reason, ssl.SSLError) else ConnectionError(reason)


session = Session


def _once(name):
    def call(*args, **more):
        return getattr(Session(), name)(*args, **more)
    call.__name__ = name
    return call


request, get, options, head, post, put, patch, delete = (
    _once(name) for name in ('request', 'get', 'options', 'head', 'post', 'put', 'patch', 'delete'))


class _Codes(object):
    def __init__(self):
        for code, name in http.client.responses.items():
            word = ''.join(one if one.isalnum() else '_' for one in name.lower().replace("'", ''))
            setattr(self, word, int(code))
            setattr(self, word.upper(), int(code))


codes = _Codes()


def _module(name, names):
    made = types.ModuleType('requests.' + name)
    made.__dict__.update(names)
    sys.modules['requests.' + name] = made
    return made


exceptions = _module('exceptions', dict(
    (name, value) for name, value in list(globals().items())
    if isinstance(value, type) and issubclass(value, RequestException)))
structures = _module('structures', {'CaseInsensitiveDict': CaseInsensitiveDict})


def __getattr__(name):
    # From Python 3.7 on.
    raise AttributeError(_advice("module 'requests' has no attribute %r" % name))
