// What is refused about events and dead letters: our own verbs, codes after the cloud's manner.

import { errorRow, failer } from '../core/errors.ts';

const { caller } = errorRow;

export const EVENT_ERRORS = {
  'InvalidParameterValue.Event': caller(
    '要发送的事件不是有效的 JSON：{reason}',
    'The event to send is no valid JSON: {reason}',
  ),
  'ResourceNotFound.Event': caller(
    '没有请求 {requestId} 的记录：请检查 RequestId（openscf events ls 列出最近的事件）；记录的保留时间和数量由设置 records.days 与 records.rows 决定。',
    'Nothing is known of the request {requestId}; check the id (openscf events ls shows the latest). The settings records.days and records.rows say how long and how many records are kept.',
  ),
  'ResourceNotFound.EventBytes': caller(
    '请求 {requestId} 的事件内容已不再保留，无法重放：可用 --edit 给出要发送的事件；调大设置 records.bytesMB 或 records.days 可保留更久。',
    'The bytes of the event {requestId} are no longer kept. Give the event to send with --edit; larger values of the settings records.bytesMB and records.days keep bytes longer.',
  ),
  'ResourceNotFound.DeadLetter': caller(
    '没有请求 {requestId} 的死信：可能已重新投递或清除（openscf deadletters ls 列出现有的死信）。',
    'There is no dead letter of the request {requestId}; it may have been redriven or purged (openscf deadletters ls shows what there is).',
  ),
} as const;

export const fail = failer(EVENT_ERRORS);
