import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { corsSetting, formatHttp, type HttpDesc, parseHttp } from './desc.ts';

const golden = (name: string) => readFileSync(new URL(`./golden/${name}`, import.meta.url), 'utf8');
const parse = (value: unknown, previous?: HttpDesc) =>
  parseHttp(typeof value === 'string' ? value : JSON.stringify(value), previous ? { previous } : {});
const PLAIN: HttpDesc = { auth: 'NONE', intranet: false, extranet: true, cors: null };

describe('the description of a URL', () => {
  test('that says nothing is open, public, and without answers to other origins', () => {
    for (const text of ['', ' ', '{}']) assert.deepEqual(parse(text), PLAIN);
  });

  test('is read as the documents print it', () => {
    assert.deepEqual(parse(golden('create.json')), {
      auth: 'CAM',
      intranet: false,
      extranet: true,
      cors: {
        enabled: true,
        origins: ['*'],
        headers: ['content-type'],
        methods: ['POST', 'PATCH'],
        exposed: ['*'],
        maxAgeS: 10,
        credentials: true,
      },
    });
  });

  test('is taken with switches and numbers as text, which tools send', () => {
    const desc = parse({
      AuthType: 'cam',
      NetConfig: { EnableIntranet: 'TRUE', EnableExtranet: 'false' },
      CorsConfig: { Enable: 'TRUE', MaxAge: '86400' },
    });
    assert.deepEqual([desc.auth, desc.intranet, desc.extranet, desc.cors?.maxAgeS], ['CAM', true, false, 86_400]);
  });

  test('leaves on an update what it does not say', () => {
    const former = parse(golden('create.json'));
    assert.deepEqual(parse('{}', former), former);
    const changed = parse({ AuthType: 'NONE', CorsConfig: { Enable: false } }, former);
    assert.deepEqual(changed, { ...former, auth: 'NONE', cors: { ...former.cors, enabled: false } });
    const bound = { urlId: 'a', region: 'r', name: 'n', webSocket: false };
    assert.deepEqual(parse('{}', { ...former, bound }).bound, bound);
  });

  test('is refused when it is none, or nobody could call the URL', () => {
    for (const wrong of [
      'x',
      '[]',
      { AuthType: 'JWT' },
      { AuthType: 1 },
      { NetConfig: [] },
      { NetConfig: { EnableExtranet: 'yes' } },
      { NetConfig: { EnableExtranet: false } },
      { NetConfig: { EnableExtranet: false, EnableIntranet: false } },
      { CorsConfig: 'x' },
      { CorsConfig: { Origins: '*' } },
      { CorsConfig: { Methods: [1] } },
      { CorsConfig: { MaxAge: -1 } },
      { CorsConfig: { MaxAge: 86_401 } },
      { CorsConfig: { MaxAge: 1.5 } },
    ])
      assert.throws(
        () => parse(wrong),
        error => error instanceof CloudError && error.code === 'InvalidParameterValue.TriggerDesc',
        JSON.stringify(wrong),
      );
    const former = parse({ NetConfig: { EnableIntranet: true, EnableExtranet: false } });
    assert.throws(() => parse({ NetConfig: { EnableIntranet: false } }, former), CloudError);
  });
});

describe('the description that is shown', () => {
  const SHOWN = { http: 'http://h', https: 'https://h', ws: '', wss: '' };

  test('has the members of the documents’ sample, in their order', () => {
    const sample = JSON.stringify(JSON.parse(golden('listed.json')));
    const desc = parse(sample);
    assert.deepEqual(desc, { ...PLAIN, intranet: true, extranet: false });
    const shown = { ...SHOWN, https: 'https://…', http: 'http://…' };
    assert.equal(formatHttp(desc, shown), sample);
  });

  test('has the addresses that can be used, and no others', () => {
    const net = (desc: HttpDesc, shown = SHOWN) =>
      (JSON.parse(formatHttp(desc, shown)) as { NetConfig: Record<string, unknown> }).NetConfig;
    assert.deepEqual(net(PLAIN), {
      EnableIntranet: false,
      IntranetUrl: '',
      IntranetHTTPUrl: '',
      ExtranetUrl: 'https://h',
      ExtranetHTTPUrl: 'http://h',
      WssIntranetUrl: '',
      WsIntranetUrl: '',
      WssExtranetUrl: '',
      WsExtranetUrl: '',
      EnableExtranet: true,
    });
    const socket = net({ ...PLAIN, intranet: true }, { ...SHOWN, ws: 'ws://h', wss: 'wss://h' });
    for (const side of ['Intranet', 'Extranet'])
      assert.deepEqual([socket[`Ws${side}Url`], socket[`Wss${side}Url`]], ['ws://h', 'wss://h']);
    assert.equal(JSON.parse(formatHttp(PLAIN, undefined)).NetConfig.ExtranetUrl, '');
  });

  test('says of other origins what was said', () => {
    const desc = parse(golden('create.json'));
    assert.deepEqual(JSON.parse(formatHttp(desc, SHOWN)).CorsConfig, JSON.parse(golden('create.json')).CorsConfig);
    const { CorsConfig } = JSON.parse(formatHttp(parse({ CorsConfig: {} }), SHOWN));
    assert.deepEqual(CorsConfig, {
      Enable: false,
      Origins: [],
      Headers: [],
      Methods: [],
      ExposeHeaders: [],
      Credentials: false,
    });
  });
});

test('other origins are answered by the URL only where that is on', () => {
  const desc = parse(golden('create.json'));
  assert.equal(corsSetting(null), undefined);
  assert.equal(corsSetting(desc.cors && { ...desc.cors, enabled: false }), undefined);
  assert.equal(corsSetting(desc.cors)?.maxAgeS, 10);
  assert.equal(corsSetting(desc.cors && { ...desc.cors, maxAgeS: null })?.maxAgeS, undefined);
});
