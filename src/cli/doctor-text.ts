// What a running server tells of itself, as a page.

import { formatAddress, shown } from './cos/address.ts';
import { type Say, table } from './io.ts';
import { instant } from './readable.ts';
import type { Doctor, ObjectsReport, OtherStoresReport } from './wire.ts';

export function serverText(server: Doctor, say: Say): string {
  const works = (one: Doctor['runtimes'][number]) =>
    one.works ? say({ zh: '可用', en: 'works' }) : say({ zh: '不可用', en: 'does not work' });
  const parts = [
    `${say({ zh: '沙箱', en: 'sandbox' })}: ${[server.driver.name, ...server.driver.notes].join('\n  ')}`,
    loadText(server.load, say),
    functionsText(server.functions, say),
    objectsText(server.objects, say),
    ...otherStoresText(server.otherStores, say),
    `${say({ zh: '云域名', en: 'cloud names' })}: ${server.cloudNames}`,
    table(server.runtimes.map(one => [one.runtime, works(one), one.detail])),
  ];
  if (server.missed.length > 0) {
    const title = say({ zh: '调用过但未实现的接口', en: 'actions that were called and are not built' });
    parts.push(
      `${title}:\n${table(server.missed.map(one => ['', `${one.service}:${one.action}`, `${one.calls}×`, new Date(one.lastAt).toISOString()]))}`,
    );
  }
  return `${parts.join('\n\n')}\n`;
}

function loadText({ instances, prepared, waiting, usedMB, memoryMB }: Doctor['load'], say: Say): string {
  return say({
    zh: `实例: ${instances}，占用 ${usedMB} MB（上限 ${memoryMB} MB，见设置 memory）；预备沙箱: ${prepared}；等待中的事件: ${waiting}`,
    en: `instances: ${instances}, taking ${usedMB} of ${memoryMB} MB (setting memory); sandboxes prepared: ${prepared}; events waiting: ${waiting}`,
  });
}

function functionsText({ all, web }: Doctor['functions'], say: Say): string {
  return say({ zh: `函数: ${all} 个，其中 Web 函数 ${web} 个`, en: `functions: ${all}, ${web} of them web functions` });
}

function passText({ begunAt, endedAt, ...counts }: ObjectsReport, say: Say): string {
  if (begunAt === undefined) return notBegunText(say);
  const pass =
    endedAt === undefined
      ? say({ zh: `自 ${instant(begunAt)} 起核对中`, en: `being looked through since ${instant(begunAt)}` })
      : say({ zh: `上次核对于 ${instant(endedAt)} 结束`, en: `last looked through until ${instant(endedAt)}` });
  return `${pass}; ${countsText(counts, say)}`;
}

function notBegunText(say: Say): string {
  return say({
    zh: '尚未核对（设置 cos.scrubMB 为 0 时不核对）',
    en: 'not looked through yet (never with the setting cos.scrubMB at 0)',
  });
}

function objectsText(report: ObjectsReport | undefined, say: Say): string {
  const title = `${say({ zh: '对象', en: 'objects' })}: `;
  if (!report) return title + notBegunText(say);
  const { afterCrash, found, parts } = report;
  const crash = afterCrash
    ? [
        `  ${say({ zh: '崩溃前最后写入的对象', en: 'those written last before a crash' })}: ${countsText(afterCrash, say)}`,
      ]
    : [];
  const damaged =
    found.length === 0
      ? []
      : [
          `  ${say({
            zh: '已损坏，读取时返回 500；请重新写入（openscf cos cp）或删除（openscf cos rm）',
            en: 'damaged, and answering 500: write them again (openscf cos cp) or remove them (openscf cos rm)',
          })}:`,
          ...found.map(({ bucket, key, versionId }) => {
            const version = versionId === 'null' ? '' : `  --version-id ${versionId}`;
            return `    ${shown(formatAddress({ bucket, key }))}${version}`;
          }),
        ];
  const damagedParts =
    parts.length === 0
      ? []
      : [
          `  ${say({
            zh: '未完成的分块上传中已损坏的分块；请重新上传该分块',
            en: 'damaged parts of uploads that are not complete: send them again',
          })}:`,
          ...parts.map(
            ({ uploadId, number, ...place }) =>
              `    ${shown(formatAddress(place))}  partNumber=${number}  uploadId=${uploadId}`,
          ),
        ];
  return [title + passText(report, say), ...crash, ...damaged, ...damagedParts].join('\n');
}

/** Nothing where no other store has posted anything. */
function otherStoresText({ accepted, ignored, unmapped }: OtherStoresReport, say: Say): readonly string[] {
  const lost = Object.entries(unmapped);
  if (accepted + ignored + lost.length === 0) return [];
  const summary = say({
    zh: `其他对象存储的事件: 已接收 ${accepted} 个，忽略 ${ignored} 个（本服务没有此类事件）`,
    en: `events of other object stores: ${accepted} accepted, ${ignored} ignored, as there are none of their kind here`,
  });
  if (lost.length === 0) return [summary];
  const title = say({
    zh: '已丢弃，因为设置 s3.buckets 中没有其存储桶，或对应的存储桶已删除',
    en: 'dropped, as the setting s3.buckets does not name their bucket, or the bucket here was removed',
  });
  return [[summary, `  ${title}:`, ...lost.map(([bucket, count]) => `    ${shown(bucket)}  ${count}×`)].join('\n')];
}

function countsText(
  { checked, damaged, unchecked }: Pick<ObjectsReport, 'checked' | 'damaged' | 'unchecked'>,
  say: Say,
): string {
  const unknown =
    unchecked === 0
      ? ''
      : say({
          zh: `，${unchecked} 个无法核对（见服务日志）`,
          en: `, ${unchecked} that could not be checked (see the server's log)`,
        });
  return say({
    zh: `核对 ${checked} 个，损坏 ${damaged} 个${unknown}`,
    en: `${checked} checked, ${damaged} damaged${unknown}`,
  });
}
