import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../../core/errors.ts';
import { refused } from '../fixture.ts';
import { parseSettings } from './directives.ts';
import { DEFAULT_SETTINGS, type Variables } from './settings.ts';

const FROM: Variables = {
  vip: '1.2.3.4',
  vport: 80,
  path: '/p',
  query: 'a=1',
  method: 'GET',
  host: 'a.test',
  scheme: 'http',
  clientAddress: '5.6.7.8',
  clientPort: 9,
  requestId: 'id',
  loadBalancerId: 'lb-1',
};

const values = (content: string) =>
  parseSettings(content).setHeaders.map(({ name, value }) => [name, value(FROM)] as const);

describe('custom configuration', () => {
  it('takes the directives of the page within their ranges', () => {
    const settings = parseSettings(`
      client_header_timeout 30s; client_body_timeout 120;
      client_max_body_size 10240M; # with a comment; and a semicolon
      keepalive_timeout 0; keepalive_requests 10000;
      proxy_connect_timeout 4s; proxy_read_timeout 3600s; proxy_request_buffering off;
      gzip off; gzip_types text/plain Application/X; gzip_min_length 1k;`);
    assert.deepEqual(settings, {
      ...DEFAULT_SETTINGS,
      headerTimeoutMs: 30_000,
      bodyTimeoutMs: 120_000,
      bodyBytes: 10 * 1024 ** 3,
      keepAliveMs: 0,
      requestsPerConnection: 10_000,
      connectTimeoutMs: 4_000,
      readTimeoutMs: 3_600_000,
      gzip: false,
      gzipTypes: new Set(['text/html', 'text/plain', 'application/x']),
      gzipAboveBytes: 1023,
    });
  });

  it('of nothing is the defaults', () => {
    for (const content of ['', ' \n', '# only words', ';;']) assert.deepEqual(parseSettings(content), DEFAULT_SETTINGS);
  });

  it('fills the documented variables', () => {
    assert.deepEqual(
      values(`proxy_set_header X-Real-Port $remote_port; proxy_set_header X-clb-stgw-vip $server_addr;
        proxy_set_header Stgw-request-id $stgw_request_id; proxy_set_header X-Forwarded-Port $vport;
        proxy_set_header X-Method $request_method; proxy_set_header X-Uri $uri;
        proxy_set_header X-All "\${host}:$request_uri from $remote_addr"; proxy_set_header x-uri 'twice';`),
      [
        ['X-Real-Port', '9'],
        ['X-clb-stgw-vip', '1.2.3.4'],
        ['Stgw-request-id', 'id'],
        ['X-Forwarded-Port', '80'],
        ['X-Method', 'GET'],
        ['X-All', 'a.test:/p?a=1 from 5.6.7.8'],
        ['x-uri', 'twice'],
      ],
    );
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['ssl_protocols TLSv1;', 'ssl_protocols is not supported'],
    ['nonsense on;', 'nonsense is not supported'],
    ['constructor x;', 'constructor is not supported'],
    ['gzip on', 'semicolon'],
    ['gzip on; gzip', 'semicolon'],
    ['gzip maybe;', 'on or off'],
    ['gzip;', 'one value'],
    ['client_header_timeout 29s;', '30 to 120'],
    ['client_header_timeout 60m;', '30 to 120'],
    ['client_max_body_size 0M;', '1M to 10240M'],
    ['client_max_body_size 11G;', '1M to 10240M'],
    ['client_max_body_size big;', 'a number'],
    ['keepalive_requests 0;', '1 to 10000'],
    ['proxy_request_buffering on;', 'off alone'],
    ['proxy_set_header X-A;', 'a name and a value'],
    ['proxy_set_header X-A $none;', '$none'],
    ['proxy_set_header X-A $constructor;', '$constructor'],
    ['proxy_set_header "X A" b;', 'may not have'],
    ['proxy_set_header Host a;', 'Host is'],
    ['proxy_set_header x-real-ip a;', 'x-real-ip is'],
    ['add_header Content-Length 1;', 'Content-Length is'],
    ['more_set_headers "no colon";', 'name: value'],
    ['gzip on; }', 'cannot be read'],
    ['add_header A "open;', 'cannot be read'],
  ];
  for (const [content, words] of wrong) {
    it(`refuses ${content}`, () => {
      assert.throws(() => parseSettings(content), refused('InvalidParameter.FormatError', words));
    });
  }

  it('is at most 64 KB', () => {
    assert.doesNotThrow(() => parseSettings('#'.repeat(64 * 1024)));
    assert.throws(() => parseSettings('#'.repeat(64 * 1024 + 1)), refused('InvalidParameterValue.Length'));
  });

  it('of any text is settings or a refusal', () => {
    const word = fc.oneof(
      fc.constantFrom('gzip', 'on', ';', '"', "'", '$uri', 'add_header', '#', '\n', '{', '\\'),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(word).map(words => words.join(' ')),
        content => {
          try {
            parseSettings(content);
          } catch (error) {
            assert.ok(error instanceof CloudError);
          }
        },
      ),
    );
  });
});
