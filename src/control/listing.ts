// ListFunctions: search, filters and order over one namespace.

import { type FunctionVersion, LATEST } from '../core/function.ts';
import type { Held } from './catalog.ts';
import { provisionedMB } from './concurrency/rules.ts';
import type { FunctionView, ListFunctions } from './control.ts';
import { fail } from './errors.ts';
import { namespaceOf } from './namespaces.ts';
import { checkedFilters, type Filter, type Listed, type Orders, pageOf } from './paging.ts';
import type { Room } from './room.ts';
import { functionResource } from './tagged.ts';
import { checkNamespace } from './validate.ts';

const ORDERS: Orders<FunctionView> = {
  by: {
    AddTime: view => view.row.addTime,
    ModTime: view => view.version.modTime,
    FunctionName: view => view.row.name,
  },
  usual: 'ModTime',
  descending: true,
  code: 'InvalidParameterValue.Orderby',
  tie: view => view.row.name,
};

type Value = (view: FunctionView) => string;

function echoedMember(view: FunctionView, block: string, member: string): string {
  const value = view.version.echoed[block];
  return typeof value === 'object' && value !== null ? String(Reflect.get(value, member) ?? '') : '';
}

/** No function here has a log topic or a file system: filters on them match nothing. */
const nothing: Value = () => '';

const FILTERS: Readonly<Record<string, Value>> = {
  Status: view => view.version.status,
  Runtime: view => view.version.runtime,
  Type: view => view.version.type,
  PublicNetStatus: () => 'ENABLE',
  AsyncRunEnable: view => (view.version.asyncRun ? 'TRUE' : 'FALSE'),
  TraceEnable: view => (view.version.traced ? 'TRUE' : 'FALSE'),
  Stamp: () => 'default',
  VpcId: view => echoedMember(view, 'VpcConfig', 'VpcId'),
  SubnetId: view => echoedMember(view, 'VpcConfig', 'SubnetId'),
  ClsTopicId: nothing,
  ClsLogsetId: nothing,
  Role: view => view.version.role,
  CfsId: nothing,
  CfsMountInsId: nothing,
  Eip: nothing,
};
const SINGLE = new Set(['VpcId', 'SubnetId', 'ClsTopicId', 'ClsLogsetId', 'Role', 'CfsId', 'CfsMountInsId', 'Eip']);
const TAG = 'tag-';

function matches(view: FunctionView, { name, values }: Filter): boolean {
  if (name.startsWith(TAG)) {
    const key = name.slice(TAG.length);
    return view.tags.some(tag => tag.Key === key && values.includes(tag.Value));
  }
  return values.includes(FILTERS[name]?.(view) ?? '');
}

export function viewOf(
  { tags }: Pick<Room, 'tags'>,
  { row, entry }: Held,
  version: FunctionVersion,
  qualifier: string,
): FunctionView {
  const { reservedMB } = entry.concurrency;
  const own = { tags: tags.of(functionResource(row)), provisionedMB: provisionedMB(entry) };
  return { row, version, qualifier, reservedMB, ...own };
}

export async function listFunctions(room: Room, query: ListFunctions): Promise<Listed<FunctionView>> {
  const { region, namespace } = query;
  checkNamespace(namespace);
  await namespaceOf(room.store, region, namespace);
  const filters = checkedFilters(query.filters, name => name.startsWith(TAG) || Object.hasOwn(FILTERS, name));
  for (const { name, values } of filters)
    if (SINGLE.has(name) && values.length > 1)
      fail('InvalidParameterValue.Filters', {
        zh: `过滤条件 ${name} 只能有一个值。`,
        en: `the filter ${name} takes one value.`,
      });
  const searchKey = query.searchKey?.toLowerCase() ?? '';
  const description = query.description?.toLowerCase() ?? '';
  const views: FunctionView[] = [];
  for (const held of room.catalog.inNamespace(region, namespace)) {
    const { row, entry } = held;
    const version = entry.versions.get(LATEST);
    if (!version) continue;
    const view = viewOf(room, held, version, LATEST);
    const found =
      row.name.toLowerCase().includes(searchKey) &&
      version.description.toLowerCase().includes(description) &&
      filters.every(filter => matches(view, filter));
    if (found) views.push(view);
  }
  return pageOf(views, query, ORDERS);
}
