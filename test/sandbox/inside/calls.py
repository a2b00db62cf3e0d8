# Raw system calls, each in a process of its own, so that one that comes through changes nothing for the next.
# As a program: reads a list of calls from stdin and prints the answers; what it would change is kept from the machine.
import ctypes
import errno
import json
import mmap
import os
import platform
import signal
import sys

from numbers_of_calls import NUMBERS

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def _argument(value):
    if value is None:
        return ctypes.c_void_p(None)
    if isinstance(value, str):
        return ctypes.c_char_p(value.encode())
    if isinstance(value, list):
        # Words of 64 bits, room for what the kernel writes included.
        return ctypes.byref((ctypes.c_uint64 * 64)(*[one & 0xFFFFFFFFFFFFFFFF for one in value]))
    return ctypes.c_long(value)


def call(name, *args):
    """The name of the error, or the number that came back as text; "absent" where the machine has no such call."""
    number = name if isinstance(name, int) else NUMBERS.get(name)
    if number is None:
        return "absent"
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(number), *[_argument(one) for one in args])
    return str(answer) if answer >= 0 else errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))


def apart(work):
    """What `work` answers (text) in a child; or the signal that ended it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            text = work()
        except OSError as error:
            text = errno.errorcode.get(error.errno, str(error.errno))
        except BaseException as error:
            text = repr(error)
        # It may be the child of a successful clone: the parent alone answers.
        os.write(write, (text or "None").encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        text = answers.read().decode()
    _, status = os.waitpid(pid, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else text


def outcome(work):
    """What `work` answers and None, or None and what it raised."""
    try:
        return work(), None
    except Exception as error:
        return None, error


def cloning(flags):
    """Clone with flags, as fork does otherwise. The child ends at once."""

    def work():
        answer = call("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
        if answer == "0":
            os._exit(0)
        return "cloned" if answer.isdigit() else answer

    return work


def machine_code(code):
    """Runs a few bytes; the answer of a system call in there."""
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    answer = run()
    return errno.errorcode.get(-answer, str(answer)) if answer < 0 else "came through"


def old_interrupt(number):
    """The 32-bit call of that number, as programs of 32 bits make it: mov eax; xor ebx, ebx; xor ecx, ecx; int 0x80; ret."""
    if platform.machine() != "x86_64":
        return lambda: "absent"
    # rbx is the caller's.
    code = b"\x53\xb8" + number.to_bytes(4, "little") + b"\x31\xdb\x31\xc9\xcd\x80\x5b\xc3"
    return lambda: machine_code(code)


def _work(name, args):
    if name == "cloning":
        return cloning(args[0])
    if name == "int 0x80":
        return old_interrupt(args[0])
    return lambda: call(name, *args)


def answers(calls, before=lambda: None):
    return [apart(lambda: before() or _work(name, args)()) for name, *args in calls]


def _keep_from_machine():
    """A mount namespace of its own, with a private /tmp: what comes through is gone with the process."""
    if os.geteuid() == 0:
        assert call("unshare", 0x00020000) == "0"
        assert call("mount", None, "/", None, 0x40000 | 0x4000, None) == "0"
        assert call("mount", "none", "/tmp", "tmpfs", 0, None) == "0"


if __name__ == "__main__":
    json.dump(answers(json.load(sys.stdin), _keep_from_machine), sys.stdout)
