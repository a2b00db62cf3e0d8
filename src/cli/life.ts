// The life of one event as a page.

import { type Say, table } from './io.ts';
import { ago, functionName, instant, length, size, stateText, whyText } from './readable.ts';
import type { Session } from './session.ts';
import type { EventAttempt, EventLife, EventView } from './wire.ts';

export function lifeText(life: EventLife, { config, say }: Pick<Session, 'config' | 'say'>): string {
  const { event, nowMs, attempts } = life;
  const mode = say(event.mode === 'sync' ? { zh: '同步', en: 'synchronous' } : { zh: '异步', en: 'asynchronous' });
  const head = table([
    ['RequestId', event.requestId],
    [say({ zh: '函数', en: 'function' }), `${functionName(event, config.region)}  ${event.qualifier}`],
    [say({ zh: '来源', en: 'source' }), `${event.source}  ${mode}`],
    [say({ zh: '接收', en: 'accepted' }), `${instant(event.acceptedAt)}  ${ago(nowMs - event.acceptedAt, say)}`],
    [say({ zh: '状态', en: 'state' }), stateText(event, nowMs, say)],
    [say({ zh: '现在', en: 'now' }), placeText(life, say)],
    [say({ zh: '内容', en: 'bytes' }), keptText(life, say)],
  ]);
  const tried =
    attempts.length > 0 ? `\n\n${table([headOf(say), ...attempts.map(one => rowOf(one, event, say))])}` : '';
  return `${head}${tried}${logText(attempts.at(-1), say)}\n`;
}

function placeText({ event, place, nowMs }: EventLife, say: Say): string {
  switch (place.at) {
    case 'queue':
      return place.dueAt <= nowMs
        ? say({ zh: '在队列中，已到期', en: 'in the queue, due' })
        : say({ zh: `在队列中，${instant(place.dueAt)} 到期`, en: `in the queue, due at ${instant(place.dueAt)}` });
    case 'instance':
      return place.since === undefined
        ? say({ zh: '正在运行', en: 'running' })
        : say({ zh: `自 ${instant(place.since)} 起运行`, en: `running since ${instant(place.since)}` });
    case 'letters': {
      const name = `${place.to.type} ${place.to.name}`;
      const redrive = `openscf deadletters redrive ${event.requestId}`;
      return say({
        zh: `死信保存在 ${name}；重新投递：${redrive}`,
        en: `kept as a dead letter under ${name}; send it again: ${redrive}`,
      });
    }
    default:
      return event.state === 'dead'
        ? say({ zh: '已结束，死信已清除', en: 'over; its dead letter was purged' })
        : say({ zh: '已结束', en: 'over' });
  }
}

function keptText({ kept }: EventLife, say: Say): string {
  const replies = Object.values(kept.replyBytes);
  const total = replies.reduce((sum, bytes) => sum + bytes, 0);
  const event =
    kept.eventBytes === undefined
      ? say({ zh: '事件内容已不再保留', en: 'those of the event are no longer kept' })
      : say({ zh: `事件 ${size(kept.eventBytes)}`, en: `event ${size(kept.eventBytes)}` });
  return replies.length === 0 ? event : `${event}  ${say({ zh: '返回', en: 'replies' })} ${size(total)}`;
}

function headOf(say: Say): string[] {
  return say({
    zh: '尝试|开始|版本|实例|启动|排队|等实例|耗时|内存|状态码|结果',
    en: 'ATTEMPT|BEGAN|VERSION|INSTANCE|START|QUEUED|WAITED|DURATION|MEMORY|STATUS|THEN',
  }).split('|');
}

function rowOf(one: EventAttempt, event: EventView, say: Say): string[] {
  const isOpen = one.verdict === 'running';
  const ran = one.instance !== '';
  const start =
    one.initMs > 0
      ? say({ zh: `冷 ${length(one.initMs)}`, en: `cold ${length(one.initMs)}` })
      : say({ zh: '热', en: 'warm' });
  return [
    String(one.retryNum),
    instant(one.startedAt),
    one.version || '-',
    one.instance || '-',
    ran ? start : '-',
    length(one.queuedMs),
    isOpen ? '-' : length(one.waitMs),
    ran ? length(one.durationMs) : '-',
    ran ? size(one.memoryBytes) : '-',
    isOpen ? '-' : String(one.status),
    thenText(one, event, say),
  ];
}

function thenText(one: EventAttempt, event: EventView, say: Say): string {
  const why = one.why ? `${say({ zh: '：', en: ': ' })}${whyText(one.why, say)}` : '';
  switch (one.verdict) {
    case 'running':
      // The last row alone can be of a run that goes on.
      return event.state === 'running' && one.retryNum === event.tried - 1
        ? say({ zh: '运行中', en: 'running' })
        : say({ zh: '中断，未记录结果', en: 'cut off' });
    case 'retried':
      return say({
        zh: `${length(one.nextAt - one.startedAt)} 后重试`,
        en: `again after ${length(one.nextAt - one.startedAt)}`,
      });
    case 'dead':
      return `${say({ zh: '成为死信', en: 'dead letter' })}${why}`;
    case 'dropped':
      return `${say({ zh: '丢弃', en: 'dropped' })}${why}`;
    case 'aborted':
      return say({ zh: '被终止', en: 'broken off by a user' });
    case 'answered':
      return say({ zh: '已返回', en: 'answered' });
    default:
      return say({ zh: '完成', en: 'done' });
  }
}

function logText(last: EventAttempt | undefined, say: Say): string {
  const parts = [last?.log ?? '', last?.errMsg ?? ''].map(text => text.trimEnd()).filter(Boolean);
  if (!last || parts.length === 0) return '';
  const title = say({ zh: `第 ${last.retryNum} 次尝试的日志`, en: `log of attempt ${last.retryNum}` });
  return `\n\n${[title, ...parts.flatMap(text => text.split('\n')).map(line => `  ${line}`)].join('\n')}`;
}
