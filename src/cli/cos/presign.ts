// openscf cos presign cos://bucket/key

import type { Command } from 'commander';
import { type KeyTime, presign } from '../../http/qsign.ts';
import { parseDuration } from '../duration.ts';
import type { Io, Say } from '../io.ts';
import { fail } from './errors.ts';
import { type CosSession, needKey, withCos } from './open.ts';

interface Flags {
  readonly method: string;
  readonly expires: string;
  readonly versionId?: string;
  readonly origin?: string;
}

/** As many as a number of ten digits can say. */
const MOST_S = 9_999_999_999;
const METHODS = ['GET', 'PUT', 'HEAD', 'DELETE'];
/** Clocks differ. */
const BEFORE_S = 60;

export function presignCommand(parent: Command, io: Io, say: Say): void {
  const command = parent
    .command('presign')
    .argument('<address>', say({ zh: 'cos://存储桶/对象键', en: 'cos://bucket/key' }));
  command.description(
    say({ zh: '输出一段时间内无需密钥即可使用的 URL', en: 'print a URL that works without keys for some time' }),
  );
  command.option('--method <method>', say({ zh: 'GET、PUT、HEAD 或 DELETE', en: 'GET, PUT, HEAD or DELETE' }), 'GET');
  command.option(
    '--expires <time>',
    say({ zh: '有效的秒数，或时长如 2h', en: 'seconds, or a length of time like 2h' }),
    '3600',
  );
  command.option('--version-id <id>', say({ zh: '指明版本', en: 'of this version' }));
  command.option(
    '--origin <url>',
    say({
      zh: '他人访问 COS 端口的地址，缺省为服务地址的主机与 portCos',
      en: 'where others reach the COS port; host of the server and portCos if not given',
    }),
  );
  command.action((given: string, flags: Flags) =>
    withCos(command, io, async session => {
      const { bucket, key } = needKey(session.address(given));
      const { versionId } = flags;
      const method = methodOf(flags.method);
      const lifeS = lifeOf(flags.expires);
      const nowS = Math.floor(io.clock.now() / 1000);
      const keyTime: KeyTime = `${nowS - BEFORE_S};${nowS + lifeS}`;
      const query = versionId === undefined ? [] : ([['versionId', versionId]] as const);
      const request = { method, origin: originOf(session, flags.origin), path: `/${bucket}/${key}`, query };
      const url = presign(request, session.keys(), keyTime);
      const expiresAt = new Date((nowS + lifeS) * 1000).toISOString();
      if (key.split('/').some(part => part === '.' || part === '..')) {
        io.note(
          session.say({
            zh: '对象键含有 . 或 ..，许多客户端会改写这样的 URL；使用 curl 时：curl --path-as-is\n',
            en: 'The key has . or .. in it, and many clients rewrite such a URL; with curl: curl --path-as-is\n',
          }),
        );
      }
      io.out(session.json ? `${JSON.stringify({ url, method, expiresAt })}\n` : `${url}\n`);
    }),
  );
}

function methodOf(text: string): string {
  const method = text.toUpperCase();
  return METHODS.includes(method) ? method : fail('Cli.CosMethod', { value: text });
}

function lifeOf(text: string): number {
  const isLength = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)/.test(text);
  const seconds = isLength ? Math.floor(parseDuration(text) / 1000) : /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= MOST_S ? seconds : fail('Cli.CosExpires', { value: text });
}

/** Path style: not every client's resolver knows hosts below localhost. */
function originOf({ status, client }: CosSession, given: string | undefined): string {
  if (given !== undefined) {
    const url = URL.parse(given);
    return url && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname)
      ? url.origin
      : fail('Cli.CosOrigin', { value: given });
  }
  const { portCos } = status.ports;
  if (!portCos) return fail('Cli.CosNoPort', { endpoint: client.endpoint });
  return `http://${new URL(client.endpoint).hostname}${portCos === 80 ? '' : `:${portCos}`}`;
}
