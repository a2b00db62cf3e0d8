// What a function leaves for the next one: nothing that it could find, while the first lives or when it has ended,
// in a sandbox that was started for it or in one that was prepared.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { FunctionVersion } from '../../src/core/function.ts';
import {
  type Attack,
  descendants,
  type Ground,
  ground,
  processesWith,
  SECRET,
  sandboxedPython,
  until,
} from './escape.ts';

/** Leaves the secret wherever a process can; what came of each place. */
const LEAVE = `
import ctypes, os, socket, subprocess
secret = event['secret']
data = secret.encode()
libc = calls.libc
libc.shmat.restype = ctypes.c_void_p

def file(path):
    def leave():
        with open(path, 'w') as out: out.write(secret)
        os.chmod(path, 0o777)
        return 'left'
    return leave

def shared_memory():
    at = libc.shmat(libc.shmget(4711, 4096, 0o1666), None, 0)
    ctypes.memmove(at, data, len(data))
    return 'left'

class Message(ctypes.Structure):
    _fields_ = [('kind', ctypes.c_long), ('text', ctypes.c_char * 64)]

def message_queue():
    queue = libc.msgget(4711, 0o1666)
    return 'left' if libc.msgsnd(queue, ctypes.byref(Message(1, data)), len(data), 0) == 0 else 'not left'

def semaphores():
    return 'left' if libc.semget(4711, 3, 0o1666) >= 0 else 'not left'

def posix_queue():
    # O_CREAT | O_RDWR
    fd = int(call('mq_open', 'left', 0o102, 0o666, None))
    return 'left' if fd >= 0 else 'not left'

def abstract_socket():
    server = socket.socket(socket.AF_UNIX)
    server.bind(event['abstract'])
    server.listen()
    calls.held = server
    return 'left'

def port():
    server = socket.socket()
    server.bind(('127.0.0.1', event['port']))
    server.listen()
    calls.held_port = server
    return 'left'

def environment():
    os.environ['LEFT'] = secret
    return 'left'

def folder():
    os.makedirs('/tmp/' + secret, exist_ok=True)
    os.chdir('/tmp/' + secret)
    return 'left'

def process():
    subprocess.Popen(['sh', '-c', 'sleep 1000; true ' + secret], start_new_session=True)
    return 'left'

def link():
    os.symlink(secret, '/tmp/link')
    return 'left'

def pipe():
    os.mkfifo('/tmp/pipe')
    return 'left'

def attribute():
    os.setxattr('/tmp', 'user.left', data)
    return 'left'

ways = [file('/tmp/left'), file('/dev/shm/left'), file('/tmp/.hidden'), shared_memory, message_queue, semaphores, posix_queue,
        abstract_socket, port, environment, folder, process, link, pipe, attribute]
answer = [calls.errno.errorcode.get(getattr(e, 'errno', 0), repr(e)) if e else w for w, e in [calls.outcome(way) for way in ways]]
`;

/** Everything that can be found without knowing more than the first did. */
const LOOK = `
import ctypes, os, socket
libc = calls.libc
libc.shmat.restype = ctypes.c_void_p
found = {}
found['/tmp'] = os.listdir('/tmp')
found['/dev/shm'] = os.listdir('/dev/shm')
found['attributes'] = os.listxattr('/tmp')
found['memory'] = libc.shmget(4711, 4096, 0o666)
found['messages'] = libc.msgget(4711, 0o666)
found['semaphores'] = libc.semget(4711, 3, 0o666)
found['tables'] = [open('/proc/sysvipc/' + name).read().count('\\n') for name in ('shm', 'msg', 'sem')]
found['queue'] = call('mq_open', 'left', 2, 0, None)
def connects(family, address):
    client = socket.socket(family)
    client.settimeout(2)
    try:
        client.connect(address)
        return True
    except OSError:
        return False
found['abstract'] = connects(socket.AF_UNIX, event['abstract'])
found['port'] = connects(socket.AF_INET, ('127.0.0.1', event['port']))
found['environment'] = [value for value in os.environ.values() if event['secret'] in value]
found['folder'] = os.getcwd()
found['processes'] = [pid for pid in os.listdir('/proc') if pid.isdigit() and event['secret'] in open('/proc/' + pid + '/cmdline').read()]
answer = found
`;

/** Seconds since the process began. */
const AGE = `
began = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19]) / 100
answer = float(open('/proc/uptime').read().split()[0]) - began`;
/** Age is told in hundredths of a second. */
const TICK_S = 0.02;

const NOTHING = {
  '/tmp': [],
  '/dev/shm': [],
  attributes: [],
  memory: -1,
  messages: -1,
  semaphores: -1,
  // The heads of the lists.
  tables: [1, 1, 1],
  queue: 'ENOENT',
  abstract: false,
  port: false,
  environment: [],
  folder: '/var/user',
  processes: [],
};

const event = { secret: SECRET, abstract: `\0left-${process.pid}`, port: 9 + 1024 + (process.pid % 30_000) };
/** A network of its own: with the shared one, sockets on loopback and abstract ones can be seen, as the start line says. */
const apart = { echoed: { PublicNetConfig: { PublicNetStatus: 'DISABLE' } } };

for (const [kind, warmMB] of [
  ['started for it', 0],
  ['prepared', 40],
] as const)
  describe(`state, in a sandbox ${kind}`, sandboxedPython, () => {
    const deployed: FunctionVersion[] = [];
    let at: Ground;
    let first: Attack;
    let left: string[];
    let ageS: number;
    /** Since it was called, when its age was known here. */
    let calledS: number;

    before(async () => {
      at = await ground({ warmMB, deployed: () => deployed });
      first = await at.attack('first', apart);
      if (warmMB > 0) {
        deployed.push(first.inPython);
        at.runtime.warm();
        await until(() => interpreters() >= 9, 'prepared sandboxes');
      }
      await setTimeout(500);
      const calledAt = performance.now();
      ageS = await first.python<number>(AGE);
      calledS = (performance.now() - calledAt) / 1000;
      left = await first.python<string[]>(LEAVE, event);
    });
    after(() => at?.[Symbol.asyncDispose]());

    test(`its process ${warmMB > 0 ? 'had been waiting' : 'is new'}`, () => {
      assert.equal(ageS > calledS + TICK_S, warmMB > 0, `${ageS} s old, called ${calledS} s before`);
    });

    test('the function has left something in nearly every place', () => {
      // Attributes of files are not everywhere.
      assert.deepEqual([...new Set(left.slice(0, -1))], ['left'], `${left}`);
    });

    test('it finds that itself', async () => {
      const found = await first.python<Record<keyof typeof NOTHING, unknown>>(LOOK, event);
      for (const [place, nothing] of Object.entries(NOTHING))
        if (place !== 'attributes') assert.notDeepEqual(found[place as keyof typeof NOTHING], nothing, place);
    });

    test('another function, while it lives', async () => {
      const second = await at.attack('second', apart);
      assert.deepEqual(await second.python(LOOK, event), NOTHING);
    });

    test('another function, when it has ended', async () => {
      const running = at.runtime.stats().instances.length;
      first.end();
      await until(() => at.runtime.stats().instances.length < running, 'its end');
      for (const name of ['third', 'fourth']) {
        const one = await at.attack(name, apart);
        assert.deepEqual(await one.python(LOOK, event), NOTHING);
        one.end();
      }
    });

    test('its own next instance', async () => {
      const again = await at.attack('first', apart);
      assert.deepEqual(await again.python(LOOK, event), NOTHING);
    });

    test('nothing of it is on the machine', () => {
      assert.doesNotMatch(
        execFileSync('cat', ['/proc/sysvipc/shm', '/proc/sysvipc/msg'], { encoding: 'utf8' }),
        /^ *4711 /m,
      );
    });
  });

/** Of this process's sandboxes. */
function interpreters(): number {
  const ours = new Set(descendants());
  return processesWith('bootstrap.py').filter(pid => ours.has(pid)).length;
}
