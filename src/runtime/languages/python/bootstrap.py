# -*- coding: utf-8 -*-
# Runs inside a Python instance. It starts before its function is known and waits; INIT names the function,
# and then it runs that function's events, one at a time. One file for Python 2.7 and 3.6 and newer.
# Talks frames on descriptor 3 (src/runtime/instance/frames.ts); the words of descriptor 4 say whose turn it is
# (src/runtime/instance/turn.ts); everything that is printed goes to descriptor 1.
from __future__ import absolute_import, print_function

import fcntl
import io
import json
import os
import struct
import sys
import time
import traceback

CHANNEL = 3
TURNS = 4
INIT, INVOKE = 1, 2
READY, RESULT, ERROR, LOAD_ERROR, HELLO, DECLINED = 16, 17, 18, 20, 22, 23
BY_TIMER, AHEAD = 1, 2
PRINTED = 1
HEAD = struct.Struct('>IB')
INVOKE_HEAD = struct.Struct('>BBII')
ENDED = struct.Struct('>BII')
TURN = struct.Struct('<I')
TEXT_BYTES = 256 * 1024
PY2 = sys.version_info[0] == 2
if PY2:
    text_type = unicode  # noqa: F821
    clock = time.time
else:
    text_type = str
    clock = time.perf_counter


# --- the channel ---------------------------------------------------------------------------------------------------

class Channel(object):
    def __init__(self):
        self.rest = b''

    def _read(self, size):
        while True:
            try:
                chunk = os.read(CHANNEL, size)
            except OSError as error:
                if error.errno == 4:  # EINTR, before Python 3.5
                    continue
                os._exit(0)
            if not chunk:
                # The server is gone: nobody would hear an answer.
                os._exit(0)
            return chunk

    def receive(self):
        data = self.rest
        while len(data) < HEAD.size:
            data += self._read(65536)
        length, kind = HEAD.unpack_from(data)
        end = HEAD.size + length
        if len(data) < end:
            parts, have = [data], len(data)
            while have < end:
                chunk = self._read(min(end - have, 1 << 20))
                parts.append(chunk)
                have += len(chunk)
            data = b''.join(parts)
        self.rest = data[end:]
        return kind, data[HEAD.size:end]

    def send(self, kind, payload):
        frame = HEAD.pack(len(payload), kind) + payload
        while frame:
            try:
                frame = frame[os.write(CHANNEL, frame):]
            except OSError as error:
                if error.errno == 4:
                    continue
                os._exit(0)


channel = Channel()


def take_turn(turn):
    """Takes the turn, unless the server has taken it back."""
    os.lseek(TURNS, 0, os.SEEK_SET)
    os.write(TURNS, TURN.pack(turn))
    os.lseek(TURNS, 8, os.SEEK_SET)
    word = os.read(TURNS, 4)
    return len(word) < 4 or turn > TURN.unpack(word)[0]


def clip(text):
    data = text if isinstance(text, bytes) else text.encode('utf-8', 'replace')
    return data[:TEXT_BYTES]


# --- printing ------------------------------------------------------------------------------------------------------

class Printed(object):
    since_mark = False


def write_out(data):
    done = 0
    while done < len(data):
        try:
            done += os.write(1, data[done:])
        except OSError as error:
            if error.errno not in (4, 11, 35):
                # The user's code has closed it: there is nothing to wait for.
                return len(data)
            time.sleep(0.001)
    Printed.since_mark = True
    return len(data)


if PY2:
    class Lines(object):
        """Written out at each end of line, so that stdout and stderr keep their order."""
        encoding = 'utf-8'
        errors = 'replace'
        newlines = None
        softspace = 0
        closed = False
        mode = 'w'

        def __init__(self, name):
            self.name = name
            self.waiting = []

        def write(self, text):
            data = text.encode('utf-8') if isinstance(text, text_type) else str(text)
            self.waiting.append(data)
            if b'\n' in data:
                self.flush()

        def writelines(self, parts):
            for part in parts:
                self.write(part)

        def flush(self):
            data = b''.join(self.waiting)
            self.waiting = []
            if data:
                write_out(data)

        def isatty(self):
            return False

        def fileno(self):
            return 1

        def close(self):
            self.flush()
else:
    class Descriptor(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return write_out(bytes(data))

        def fileno(self):
            return 1

    def Lines(name):
        raw = Descriptor()
        raw.name = name
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding='utf-8', errors='backslashreplace', line_buffering=True)


def flush_all():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


# --- loading -------------------------------------------------------------------------------------------------------

def load_failed(status, text):
    flush_all()
    channel.send(LOAD_ERROR, struct.pack('>H', status) + clip(text))
    os._exit(1)


def trace(skip):
    """The current exception's traceback without this file's own frames, which are the outermost ones."""
    kind, value, tb = sys.exc_info()
    for _ in range(skip):
        tb = tb.tb_next if tb is not None else None
    try:
        parts = traceback.format_exception(kind, value, tb)
    except Exception:
        parts = traceback.format_exception_only(kind, None)
    text = ''.join(part if isinstance(part, text_type) else part.decode('utf-8', 'replace') for part in parts)
    return text.rstrip(u'\n')


def import_trace():
    """Without the import machinery between this file and the user's."""
    kind, value, tb = sys.exc_info()
    while tb is not None and ('importlib' in tb.tb_frame.f_code.co_filename or tb.tb_frame.f_code.co_filename == __file__):
        tb = tb.tb_next
    parts = traceback.format_exception(kind, value, tb)
    text = ''.join(part if isinstance(part, text_type) else part.decode('utf-8', 'replace') for part in parts)
    return text.rstrip(u'\n')


def load_file(name, path):
    if PY2:
        import imp
        return imp.load_source(name, path)
    import importlib.util
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_handler(settings):
    handler, root = settings['handler'], settings['codeDir']
    name, dot, method = handler.rpartition('.')
    if not dot or not name or not method:
        load_failed(437, u'The handler "%s" must have the form file.method, such as index.main_handler.' % handler)
    base = os.path.normpath(os.path.join(root, name))
    if not base.startswith(root + os.sep):
        load_failed(437, u'The handler "%s" leads out of the code package.' % handler)
    files = [base + '.py', os.path.join(base, '__init__.py'), base + '.pyc']
    found = [path for path in files if os.path.isfile(path)]
    if not found:
        load_failed(437, u'Cannot find %s.py in the code package; the handler is "%s".' % (name, handler))
    try:
        if '/' in name and found[0].endswith('.py'):
            sys.path.insert(0, os.path.dirname(found[0]))
            module = load_file(os.path.basename(str(name)), found[0])
        else:
            import importlib
            module = importlib.import_module(str(name.replace('/', '.')))
    except SystemExit:
        flush_all()
        os._exit(1)
    except BaseException:
        load_failed(443, import_trace())
    function = getattr(module, method, None)
    if not callable(function):
        load_failed(437, u'%s has no function "%s"; the handler is "%s".' % (os.path.relpath(found[0], root), method, handler))
    return function


# --- running -------------------------------------------------------------------------------------------------------

def encode_other(value):
    # Looked up by name: importing decimal costs more than most handlers take to load.
    decimal = sys.modules.get('decimal')
    if decimal is not None and isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError('Object of type %s is not JSON serializable' % type(value).__name__)


def encode(value):
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=encode_other)
        return text.encode('utf-8') if isinstance(text, text_type) else text.decode('utf-8').encode('utf-8')
    except UnicodeError:
        # Byte strings beside text (Python 2) or lone surrogates.
        return json.dumps(value, ensure_ascii=True, allow_nan=False, default=encode_other).encode('ascii')


def send_error(flags, turn, micros, status, message, stack):
    first = clip(message)
    channel.send(ERROR, ENDED.pack(flags, turn, micros) + struct.pack('>HI', status, len(first)) + first + clip(stack))


def exit_code(error):
    if error.code is None:
        return 0
    return error.code & 255 if isinstance(error.code, int) else 1


def run(handler, settings, token, payload):
    flags, id_length, _limit, turn = INVOKE_HEAD.unpack_from(payload)
    if flags & AHEAD and not take_turn(turn):
        channel.send(DECLINED, struct.pack('>I', turn))
        return
    at = INVOKE_HEAD.size + id_length
    if flags & BY_TIMER:
        os.environ['TRIGGER_SRC'] = 'timer'
    elif 'TRIGGER_SRC' in os.environ:
        del os.environ['TRIGGER_SRC']
    context = dict(settings['context'])
    context['request_id'] = payload[INVOKE_HEAD.size:at].decode('latin-1')
    begun = clock()
    status, message, stack, result = 200, '', '', b'null'
    try:
        event = json.loads(payload[at:].decode('utf-8'))
    except ValueError as error:
        status, message = 400, 'The event is not JSON: %s' % error
    else:
        try:
            value = handler(event, context)
        except SystemExit as error:
            if error.code is not None and not isinstance(error.code, int):
                print(error.code, file=sys.stderr)
            flush_all()
            os._exit(exit_code(error))
        except BaseException:
            status, stack = 430, trace(1)
        else:
            try:
                result = encode(value)
                if len(result) > settings['responseBytes']:
                    status = 407
            except Exception as error:
                status, stack = 430, 'The return value cannot be written as JSON: %s: %s' % (type(error).__name__, error)
    micros = min(0xffffffff, max(0, int((clock() - begun) * 1000000)))
    flush_all()
    answer = 0
    # Programs that the function starts print on the same descriptor.
    if Printed.since_mark or 'subprocess' in sys.modules:
        Printed.since_mark = False
        write_out(token + b'%08x\n' % turn)
        answer = PRINTED if Printed.since_mark else 0
        Printed.since_mark = False
    if status == 200:
        channel.send(RESULT, ENDED.pack(answer, turn, micros) + result)
    else:
        send_error(answer, turn, micros, status, message, stack)


def apply_environment(env):
    values = {}
    for name, value in env.items():
        values[name.encode('utf-8') if PY2 else name] = value.encode('utf-8') if PY2 else value
    for name in list(os.environ):
        if name not in values:
            del os.environ[name]
    os.environ.update(values)
    time.tzset()


def apply_path(settings):
    # The folder of this file is no place for the user's imports.
    first = sys.path[0]
    before = [settings['codeDir']] + settings['path']
    sys.path[:] = [name.encode('utf-8') if PY2 else name for name in before] + [
        name for name in sys.path if name != first
    ]
    sys.argv = [sys.path[0]]


class StandIn(object):
    """Last on sys.meta_path: the cloud has requests preinstalled, this machine may have it nowhere."""

    def find_spec(self, name, path=None, target=None):
        if name != 'requests':
            return None
        import importlib.util
        return importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), 'requests.py'))


def main():
    # Programs that the user's code starts must not hold the channel.
    for descriptor in (CHANNEL, TURNS):
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    sys.stdout, sys.stderr = Lines('<stdout>'), Lines('<stderr>')
    # While this file's folder is where imports are looked for; the user's code may have a module of that name.
    import names as cloud_names
    del sys.modules['names']
    channel.send(HELLO, b'')
    kind, payload = channel.receive()
    settings = json.loads(payload.decode('utf-8'))
    token = b'\x1e' + settings['token'].encode('ascii')
    try:
        apply_environment(settings['env'])
        os.chdir(settings['codeDir'])
        apply_path(settings)
        if settings.get('names'):
            cloud_names.install(settings['names'])
        # Python 2 has no such hook for specs; there the library has to be installed.
        if not PY2:
            sys.meta_path.append(StandIn())
    except Exception:
        load_failed(443, trace(0))
    handler = load_handler(settings)
    flush_all()
    channel.send(READY, b'')
    while True:
        kind, payload = channel.receive()
        if kind == INVOKE:
            run(handler, settings, token, payload)


# Guarded: multiprocessing's spawn imports this file again.
if __name__ == '__main__':
    main()
