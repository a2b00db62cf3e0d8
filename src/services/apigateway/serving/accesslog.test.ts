import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aReply, FakeTarget, GatewayStand } from '../fixture.ts';
import { AccessLog, type AccessRecord } from './accesslog.ts';

const RECORD: AccessRecord = {
  startedAt: Date.UTC(2024, 3, 19, 8, 0, 0, 7),
  endedAt: Date.UTC(2024, 3, 19, 8, 0, 1, 19),
  askedAt: Date.UTC(2024, 3, 19, 8, 0, 0, 19),
  region: 'ap-guangzhou',
  environment: 'release',
  serviceId: 'service-aaaaaaaa',
  apiId: 'api-bbbbbbbb',
  host: 'x.example.com',
  method: 'GET',
  uri: '/release/fn',
  scheme: 'https',
  status: 200,
  upstreamStatus: 200,
  clientAddress: '203.0.113.7',
  responseBytes: 14,
  requestBytes: 3,
  message: '',
  requestId: '0123456789abcdef0123456789abcdef',
};

const logOf = (sink?: (line: string) => void) => new AccessLog({ appId: '1250000000', pid: 42, ...(sink && { sink }) });

describe('a line of the access log', () => {
  it('has the documented fields in their order, seconds with three digits, - for what is not known', () => {
    assert.equal(
      logOf().line(RECORD),
      '[1250000000][release][service-aaaaaaaa][x.example.com][api-bbbbbbbb][/release/fn][https][rsp_st:200]' +
        '[ups_st:200][cip:203.0.113.7][uip:-][vip:-][rsp_len:14][req_len:3][req_t:1.012][ups_rsp_t:1.000]' +
        '[ups_conn_t:-][ups_head_t:-][err_msg:-][tcp_rtt:-][42][19/Apr/2024:08:00:01 +0000]' +
        '[req_id:0123456789abcdef0123456789abcdef]',
    );
  });

  it('of a request that went nowhere says why', () => {
    const nowhere = { ...RECORD, environment: '', apiId: '', askedAt: 0, upstreamStatus: 0, status: 404 };
    const line = logOf().line({ ...nowhere, requestBytes: undefined, message: "There is no api match uri '/x'" });
    assert.match(line, /^\[1250000000\]\[-\]\[service-aaaaaaaa\]\[x\.example\.com\]\[-\]/);
    assert.match(line, /\[rsp_st:404\]\[ups_st:-\].*\[req_len:-\]\[req_t:1\.012\]\[ups_rsp_t:-\]/);
    assert.match(line, /\[err_msg:There is no api match uri '\/x'\]/);
  });
});

describe('what is kept of it', () => {
  it('is what was put in, the oldest first', () => {
    const log = logOf();
    const records: AccessRecord[] = [
      RECORD,
      { ...RECORD, responseBytes: undefined, requestBytes: undefined, askedAt: 0, message: 'é' },
      { ...RECORD, host: '', uri: '/\u00e4?' },
    ];
    for (const record of records) log.add(record);
    assert.deepEqual(log.recent(), records);
  });

  it('is at most ten thousand, the newest, in a bounded memory', () => {
    const log = logOf();
    for (let i = 0; i < 25_000; i++) log.add({ ...RECORD, responseBytes: i });
    const recent = log.recent();
    assert.equal(recent.length, 10_000);
    assert.deepEqual([recent[0]?.responseBytes, recent.at(-1)?.responseBytes], [15_000, 24_999]);
    const long = { ...RECORD, uri: `/${'x'.repeat(10_000)}` };
    for (let i = 0; i < 10_000; i++) log.add(long);
    assert.ok(log.recent().length < 10_000);
    assert.equal(log.recent().at(-1)?.uri.length, 2048);
  });
});

describe('the access log of a gateway', () => {
  async function stand(reply?: ConstructorParameters<typeof FakeTarget>[0]) {
    const lines: string[] = [];
    const open = await GatewayStand.open({}, undefined, { access: line => lines.push(line) });
    const { ref, base, serviceId } = await open.serve(new FakeTarget(reply), { timeoutS: 2 });
    return { open, lines, ref, base, serviceId };
  }

  it('has a line for every request, whatever became of it', async () => {
    const { open, lines, ref, base, serviceId } = await stand(async () => {
      await open.clock.advance(250);
      return aReply({ status: 435, upstreamStatus: 435 });
    });
    await using _open = open;
    const headers = { host: 'x:1' };
    const answer = await open.ask(`${base}/fn?a=1`, { method: 'POST', body: 'body', headers });
    await open.ask(`${base}/none`, { headers });
    await open.ask(`/_apigw/${serviceId}/prod/fn`, { headers });
    const [asked = '', none = '', unknown = ''] = lines;
    assert.equal(lines.length, 3);
    const start = `[1250000000][release][${serviceId}][x:1][${ref.apiId}][/release/fn][http]`;
    const times = '[req_t:0.250][ups_rsp_t:0.250][ups_conn_t:-][ups_head_t:-][err_msg:-][tcp_rtt:-]';
    const sizes = '[rsp_st:435][ups_st:435][cip:127.0.0.1][uip:-][vip:-][rsp_len:4][req_len:4]';
    assert.ok(asked.startsWith(`${start}${sizes}${times}`), asked);
    assert.ok(asked.endsWith(`[req_id:${answer.headers['x-api-requestid']}]`), asked);
    assert.match(none, /\[rsp_st:404\]\[ups_st:-\].*\[err_msg:There is no api match uri '\/none'\]/);
    assert.match(unknown, /\[err_msg:There is no api match default env_mapping '\/prod'\]/);
    assert.deepEqual(
      open.gateway.accessRecords().map(record => open.gateway.accessLine(record)),
      lines,
    );
  });

  it('tells time-outs, and clients that have gone', async () => {
    let asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<ReturnType<typeof aReply>>();
    const { open, lines, base } = await stand(() => {
      asked.resolve();
      return late.promise;
    });
    await using _open = open;
    const waiting = open.ask(`${base}/fn`);
    await asked.promise;
    await open.clock.advance(2000);
    assert.equal((await waiting).status, 504);
    assert.match(lines[0] ?? '', /\[rsp_st:504\]\[ups_st:504\].*\[req_t:2\.000\].*\[err_msg:Gateway Time-out\]/);
    asked = Promise.withResolvers();
    const leaving = new AbortController();
    const gone = assert.rejects(open.ask(`${base}/fn`, { signal: leaving.signal }));
    await asked.promise;
    leaving.abort();
    await Promise.all([gone, open.left()]);
    late.resolve(aReply());
    while (lines.length < 2) await new Promise(setImmediate);
    assert.match(lines[1] ?? '', /\[rsp_st:499\]\[ups_st:200\].*\[err_msg:Client closed connetion\]/);
  });
});
