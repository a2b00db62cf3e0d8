import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readXml } from '../http/readxml.ts';
import type { Bucket } from '../model.ts';
import { BUCKET, fails, REGION } from '../testing.ts';
import type { OriginRule } from './model.ts';
import { readOrigin } from './read.ts';
import { originRules, ruleFor } from './rules.ts';
import { hostXml, originRule as rule, originXml as xml } from './testing.ts';

const read = (text: string) => readOrigin(readXml(Buffer.from(text), 'OriginConfiguration'));
const one = (draft: Partial<Parameters<typeof rule>[0]>): OriginRule => {
  const [first] = read(xml(rule({ hosts: hostXml('a.com'), ...draft })));
  return first ?? assert.fail('no rule');
};

const PLAIN: OriginRule = {
  type: 'Mirror',
  priority: 1,
  status: 404,
  prefix: '',
  suffix: '',
  spared: [],
  protocol: 'follow',
  transparent: false,
  followsQuery: true,
  headers: { all: false, added: [], followed: [], forbidden: [] },
  followsRedirects: true,
  redirectStatus: 302,
  keeps: true,
  hosts: [{ weight: 1, names: ['a.com'] }],
  standbyStatuses: [],
  file: { prefix: '', suffix: '' },
};
const headers = (inner: string) => `<HttpHeader>${inner}</HttpHeader>`;
const header = (key: string, value?: string) =>
  `<Header><Key>${key}</Key>${value === undefined ? '' : `<Value>${value}</Value>`}</Header>`;

describe('rules as the documents write them', () => {
  test('the least', () => {
    const [first] = read(
      '<OriginConfiguration><OriginRule><OriginInfo><HostInfo><HostName>a.com</HostName></HostInfo></OriginInfo></OriginRule></OriginConfiguration>',
    );
    assert.deepEqual(first, { ...PLAIN, priority: 1_000_000_000 });
  });

  for (const [what, draft, expected] of [
    ['nothing said', {}, {}],
    ['empty elements', { parameter: '<Protocol/><FollowQueryString/><HttpHeader/>' }, {}],
    [
      'a place',
      { condition: '<HTTPStatusCode>404</HTTPStatusCode><Prefix>a/</Prefix><Suffix>.jpg</Suffix>' },
      { prefix: 'a/', suffix: '.jpg' },
    ],
    [
      'hosts that are spared',
      {
        condition:
          '<FilterHost><ForbidHost><DomainList><Domain>A.com</Domain><Domain>b.com</Domain></DomainList></ForbidHost></FilterHost>',
      },
      { spared: ['a.com', 'b.com'] },
    ],
    ['a protocol', { parameter: '<Protocol>HTTPS</Protocol>' }, { protocol: 'https' }],
    [
      'what is followed',
      {
        parameter:
          '<TransparentErrorCode>true</TransparentErrorCode><FollowQueryString>False</FollowQueryString><FollowRedirection>false</FollowRedirection><CopyOriginData>false</CopyOriginData>',
      },
      { transparent: true, followsQuery: false, followsRedirects: false, keeps: false },
    ],
    [
      'headers',
      {
        parameter: headers(
          `<FollowAllHeaders>true</FollowAllHeaders><NewHttpHeaders>${header('x-cos', 'new')}${header('x-none', '')}</NewHttpHeaders><FollowHttpHeaders>${header('Example')}</FollowHttpHeaders><ForbidFollowHeaders>${header('X-A')}</ForbidFollowHeaders>`,
        ),
      },
      { headers: { all: true, added: [['x-cos', 'new']], followed: ['example'], forbidden: ['x-a'] } },
    ],
    [
      'headers as former clients send them',
      {
        parameter: headers(
          `<NewHttpHeader>${header('a', 'a')}</NewHttpHeader><ForbidFollowHttpHeaders>${header('b')}</ForbidFollowHttpHeaders>`,
        ),
      },
      { headers: { all: false, added: [['a', 'a']], followed: [], forbidden: ['b'] } },
    ],
    [
      'redirect codes of a Mirror, as examples have them',
      { parameter: '<HttpRedirectCode>301</HttpRedirectCode><HttpRedirectCode>302</HttpRedirectCode>' },
      { redirectStatus: 301 },
    ],
    [
      'a Redirect',
      {
        type: 'Redirect',
        condition: '<HTTPStatusCode>503</HTTPStatusCode>',
        parameter: '<HttpRedirectCode>307</HttpRedirectCode>',
      },
      { type: 'Redirect', status: 503, redirectStatus: 307 },
    ],
    ['a Proxy', { type: 'Proxy' }, { type: 'Proxy' }],
    [
      'several sources, some that stand by, out of order',
      {
        hosts:
          hostXml(
            'A.com:8080',
            '<Weight>4</Weight><StandbyHostName_2>c.com</StandbyHostName_2><StandbyHostName_1>b.com</StandbyHostName_1>',
          ) +
          hostXml('192.0.2.1', '<Weight>0</Weight>') +
          hostXml('[2001:db8::1]:80'),
      },
      {
        hosts: [
          { weight: 4, names: ['a.com:8080', 'b.com', 'c.com'] },
          { weight: 0, names: ['192.0.2.1'] },
          { weight: 1, names: ['[2001:db8::1]:80'] },
        ],
      },
    ],
    [
      'codes upon which those are asked',
      { more: '<HTTPStandbyCode><StatusCode>404</StatusCode><StatusCode>403</StatusCode></HTTPStandbyCode>' },
      { standbyStatuses: [404, 403] },
    ],
    [
      'a prefix and a suffix of files',
      {
        file: '<PrefixConfiguration><Prefix>p/</Prefix></PrefixConfiguration><SuffixConfiguration><Suffix>.jpg</Suffix></SuffixConfiguration>',
      },
      { file: { prefix: 'p/', suffix: '.jpg' } },
    ],
    [
      'the same as former clients send it',
      { file: '<PrefixDirective>true</PrefixDirective><Prefix>p</Prefix><Suffix>s</Suffix>' },
      { file: { prefix: 'p', suffix: 's' } },
    ],
    ['a prefix that is switched off', { file: '<PrefixDirective>false</PrefixDirective><Prefix>p</Prefix>' }, {}],
    [
      'one file for all',
      {
        file: '<FixedFileConfiguration><FixedFilePath>/a.html</FixedFilePath></FixedFileConfiguration><PrefixConfiguration/>',
      },
      { file: { fixed: '/a.html' } },
    ],
  ] as const)
    test(what, () => assert.deepEqual(one(draft), { ...PLAIN, ...expected }));
});

describe('others are refused', () => {
  const hosts = hostXml('a.com');
  for (const [code, what, text] of [
    ['MalformedXML', 'no rule', xml()],
    ['MalformedXML', 'no source', xml(rule({ hosts: '' }))],
    ['MalformedXML', 'a source without a name', xml(rule({ hosts: hostXml('') }))],
    ['MalformedXML', 'a type that there is not', xml(rule({ hosts, type: 'Guess' }))],
    ['MalformedXML', 'a priority that is none', xml(rule({ hosts, priority: -1 }))],
    ['InvalidArgument', 'a Mirror of 403', xml(rule({ hosts, condition: '<HTTPStatusCode>403</HTTPStatusCode>' }))],
    [
      'MalformedXML',
      'a Redirect of 200',
      xml(rule({ hosts, type: 'Redirect', condition: '<HTTPStatusCode>200</HTTPStatusCode>' })),
    ],
    ['MalformedXML', 'another condition', xml(rule({ hosts, condition: '<Method>GET</Method>' }))],
    [
      'MalformedXML',
      'another filter of hosts',
      xml(rule({ hosts, condition: '<FilterHost><AllowHost/></FilterHost>' })),
    ],
    ['MalformedXML', 'a protocol that there is not', xml(rule({ hosts, parameter: '<Protocol>FTP</Protocol>' }))],
    [
      'MalformedXML',
      'neither true nor false',
      xml(rule({ hosts, parameter: '<FollowQueryString>1</FollowQueryString>' })),
    ],
    ['MalformedXML', 'another parameter', xml(rule({ hosts, parameter: '<Later>1</Later>' }))],
    [
      'NotImplemented',
      'how redirects are followed',
      xml(rule({ hosts, parameter: '<FollowRedirectionConfiguration/>' })),
    ],
    [
      'InvalidArgument',
      'another redirect code',
      xml(rule({ hosts, type: 'Proxy', parameter: '<HttpRedirectCode>308</HttpRedirectCode>' })),
    ],
    [
      'InvalidArgument',
      'two of them',
      xml(rule({ hosts, type: 'Proxy', parameter: '<HttpRedirectCode>301</HttpRedirectCode>'.repeat(2) })),
    ],
    [
      'InvalidArgument',
      'too many headers',
      xml(rule({ hosts, parameter: headers(`<NewHttpHeaders>${header('a', 'b').repeat(11)}</NewHttpHeaders>`) })),
    ],
    [
      'InvalidArgument',
      'the host as a header',
      xml(rule({ hosts, parameter: headers(`<NewHttpHeaders>${header('Host', 'b')}</NewHttpHeaders>`) })),
    ],
    [
      'InvalidArgument',
      'a header of connections',
      xml(rule({ hosts, parameter: headers(`<FollowHttpHeaders>${header('TE')}</FollowHttpHeaders>`) })),
    ],
    [
      'InvalidArgument',
      'a header that is no name',
      xml(rule({ hosts, parameter: headers(`<FollowHttpHeaders>${header('a b')}</FollowHttpHeaders>`) })),
    ],
    [
      'InvalidArgument',
      'a header with a line break',
      xml(rule({ hosts, parameter: headers(`<NewHttpHeaders>${header('a', 'b&#10;c')}</NewHttpHeaders>`) })),
    ],
    ['InvalidArgument', 'two sources of a Proxy', xml(rule({ hosts: hosts.repeat(2), type: 'Proxy' }))],
    ['InvalidArgument', 'too many sources', xml(rule({ hosts: hosts.repeat(11) }))],
    ['InvalidArgument', 'no source that is asked', xml(rule({ hosts: hostXml('a.com', '<Weight>0</Weight>') }))],
    [
      'InvalidArgument',
      'a Redirect with one that stands by',
      xml(rule({ hosts: hostXml('a.com', '<StandbyHostName_1>b.com</StandbyHostName_1>'), type: 'Redirect' })),
    ],
    [
      'InvalidArgument',
      'an eleventh that stands by',
      xml(rule({ hosts: hostXml('a.com', '<StandbyHostName_11>b.com</StandbyHostName_11>') })),
    ],
    [
      'InvalidArgument',
      'one twice',
      xml(rule({ hosts: hostXml('a.com', '<StandbyHostName_1>b.com</StandbyHostName_1>'.repeat(2)) })),
    ],
    ['NotImplemented', 'a source that wants a signature', xml(rule({ hosts: hostXml('a.com', '<PrivateHost/>') }))],
    ['InvalidArgument', 'a URL for a name', xml(rule({ hosts: hostXml('http://a.com') }))],
    ['InvalidArgument', 'a port that is none', xml(rule({ hosts: hostXml('a.com:70000') }))],
    [
      'InvalidArgument',
      'a code of success to stand by for',
      xml(rule({ hosts, more: '<HTTPStandbyCode><StatusCode>200</StatusCode></HTTPStandbyCode>' })),
    ],
    [
      'InvalidArgument',
      'one file, with a prefix',
      xml(
        rule({
          hosts,
          file: '<FixedFileConfiguration><FixedFilePath>a</FixedFilePath></FixedFileConfiguration><PrefixConfiguration><Prefix>p</Prefix></PrefixConfiguration>',
        }),
      ),
    ],
    [
      'NotImplemented',
      'a prefix for another one',
      xml(
        rule({
          hosts,
          file: '<PrefixConfiguration><Prefix>p</Prefix><ReplacedWithPrefix>q</ReplacedWithPrefix></PrefixConfiguration>',
        }),
      ),
    ],
  ] as const)
    test(`${what}: ${code}`, async () => {
      const error = await fails(code, () => read(text));
      assert.notEqual(error.text('zh'), error.text('en'));
    });
});

describe('which rule', () => {
  const GET = { method: 'GET', status: 404, key: 'a/b.jpg', host: 'h', versionId: undefined };
  const found = (rules: readonly OriginRule[], change: Partial<Parameters<typeof ruleFor>[1]> = {}) =>
    ruleFor(rules, { ...GET, ...change })?.priority;

  test('the first that means it', () => {
    const rules = [
      { ...PLAIN, priority: 1, prefix: 'x' },
      { ...PLAIN, priority: 2, suffix: '.png' },
      { ...PLAIN, priority: 3, spared: ['h'] },
      { ...PLAIN, priority: 4, prefix: 'a/', suffix: '.jpg' },
      { ...PLAIN, priority: 5 },
    ];
    assert.equal(found(rules), 4);
    assert.equal(found(rules, { key: 'x' }), 1);
    assert.equal(found(rules, { key: 'y.png' }), 2);
    assert.equal(found(rules, { key: 'y', host: 'other' }), 3);
    assert.equal(found(rules, { status: 403 }), undefined);
  });

  test('HEAD, and a version that is named, are sent elsewhere at most', () => {
    const mirror = [
      { ...PLAIN, priority: 1 },
      { ...PLAIN, type: 'Proxy' as const, priority: 2 },
    ];
    const both = [...mirror, { ...PLAIN, type: 'Redirect' as const, priority: 3 }];
    for (const change of [{ method: 'HEAD' }, { versionId: 'v' }]) {
      assert.equal(found(mirror, change), undefined);
      assert.equal(found(both, change), 3);
    }
  });

  test('of a bucket, in their order, read once; none of what could not be put today', () => {
    const bucket = (origin: string | undefined): Bucket => ({
      ...{ id: BUCKET, name: '', appId: '', region: REGION, createdAt: 0, versioning: 'never' },
      ...{ acl: { canned: 'private', grants: [] }, cors: undefined, lifecycle: undefined, policy: undefined },
      ...{ tags: [], plain: origin === undefined ? {} : { origin }, inventories: {} },
    });
    const hosts = hostXml('a.com');
    const one = bucket(xml(rule({ hosts, priority: 7 }), rule({ hosts, priority: 3 })));
    assert.deepEqual(
      originRules(one).map(({ priority }) => priority),
      [3, 7],
    );
    assert.equal(originRules(one), originRules(one));
    assert.notEqual(originRules(one), originRules({ ...one }));
    assert.deepEqual(originRules(bucket('<OriginConfiguration/>')), []);
    assert.deepEqual(originRules(bucket(undefined)), []);
  });
});
