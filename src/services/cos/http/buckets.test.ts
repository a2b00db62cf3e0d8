import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { BUCKET, REGION } from '../testing.ts';
import { type Given, HOST, openShop, ROOT, SERVICE, type Shop, textIn, textsIn } from './testing.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

const OTHER = 'other-1250000000';
const OTHER_HOST = `${OTHER}.cos.ap-shanghai.myqcloud.com`;

const get = (target: string, given: Given = {}) => shop.ask('GET', target, given);
const put = (target: string, body = '', headers: Given['headers'] = {}) => shop.ask('PUT', target, { body, headers });
const remove = (target: string) => shop.ask('DELETE', target);
const refused = async (asked: Promise<{ status: number; text: string }>, status: number, code: string) => {
  const got = await asked;
  assert.equal(got.status, status, got.text);
  assert.equal(textIn(got.text, 'Code'), code, got.text);
};
const inner = (xml: string) => xml.replace(/^<\?xml.*\?>\s*/, '');

describe('buckets', () => {
  test('are made, looked at, listed and removed', async () => {
    assert.equal(
      (await shop.ask('PUT', '/', { host: OTHER_HOST, headers: { 'x-cos-tagging': 'team=a' } })).status,
      200,
    );
    const again = shop.ask('PUT', '/', { host: OTHER_HOST });
    await refused(again, 409, 'BucketAlreadyOwnedByYou');
    const head = await shop.ask('HEAD', '/', { host: OTHER_HOST });
    assert.deepEqual([head.status, head.headers['x-cos-bucket-region']], [200, 'ap-shanghai']);
    assert.equal((await shop.ask('HEAD', '/', { host: 'none-1.localhost' })).status, 404);
    assert.equal(
      inner((await get('/?location', { host: OTHER_HOST })).text),
      '<LocationConstraint>ap-shanghai</LocationConstraint>',
    );

    const service = await get('/', { host: SERVICE });
    assert.equal(textIn(service.text, 'ID'), ROOT);
    assert.deepEqual(textsIn(service.text, 'Name'), [OTHER, BUCKET]);
    assert.deepEqual(textsIn(service.text, 'Location'), ['ap-shanghai', REGION]);
    assert.match(textIn(service.text, 'CreationDate') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const names = async (target: string, host = SERVICE) => textsIn((await get(target, { host })).text, 'Name');
    assert.deepEqual(await names('/?region=ap-shanghai'), [OTHER]);
    assert.deepEqual(await names('/', 'cos.ap-shanghai.myqcloud.com'), [OTHER]);
    assert.deepEqual(await names('/', 'localhost'), [OTHER, BUCKET]);
    assert.deepEqual(await names('/?tagkey=team'), [OTHER]);
    assert.deepEqual(await names('/?tagkey=team&tagvalue=b'), []);
    assert.deepEqual(await names('/?create-time=1&range=gt'), [OTHER, BUCKET]);
    assert.deepEqual(await names('/?create-time=1&range=lte'), []);
    const page = (await get('/?max-keys=1', { host: SERVICE })).text;
    assert.deepEqual([textsIn(page, 'Name'), textIn(page, 'IsTruncated')], [[OTHER], 'true']);
    assert.deepEqual(await names(`/?marker=${textIn(page, 'NextMarker')}`), [BUCKET]);
    assert.deepEqual(await names('/?max-keys=10000'), [OTHER, BUCKET]);
    await refused(get('/?max-keys=0', { host: SERVICE }), 400, 'InvalidArgument');
    await refused(shop.ask('GET', '/', { host: SERVICE, unsigned: true }), 403, 'AccessDenied');
    await refused(get('/?range=about&create-time=1', { host: SERVICE }), 400, 'InvalidArgument');

    await shop.ask('PUT', '/a', { host: OTHER_HOST, body: 'x' });
    await refused(shop.ask('DELETE', '/', { host: OTHER_HOST }), 409, 'BucketNotEmpty');
    await shop.ask('DELETE', '/a', { host: OTHER_HOST });
    assert.equal((await shop.ask('DELETE', '/', { host: OTHER_HOST })).status, 204);
    await refused(shop.ask('DELETE', '/', { host: OTHER_HOST }), 404, 'NoSuchBucket');
  });

  test('of more than one zone are refused', () =>
    refused(
      shop.ask('PUT', '/', {
        host: OTHER_HOST,
        body: '<CreateBucketConfiguration><BucketAZConfig>MAZ</BucketAZConfig></CreateBucketConfiguration>',
      }),
      501,
      'NotImplemented',
    ));
});

describe('the list of keys', () => {
  before(async () => {
    for (const key of ['list/a', 'list/b/1', 'list/b/2', 'list/c d', 'list/腾']) await shop.house.put(key, key);
  });
  after(async () => {
    for (const key of ['list/a', 'list/b/1', 'list/b/2', 'list/c d', 'list/腾']) await shop.house.remove(key);
  });

  test('has every key with what is known of it', async () => {
    const got = await get('/?prefix=list/');
    assert.equal(got.headers['x-cos-bucket-region'], REGION);
    assert.deepEqual(textsIn(got.text, 'Key'), ['list/a', 'list/b/1', 'list/b/2', 'list/c d', 'list/腾']);
    const [contents] = /<Contents>.*?<\/Contents>/.exec(got.text) ?? [];
    const etag = createHash('md5').update('list/a').digest('hex');
    assert.match(
      contents ?? '',
      new RegExp(
        `^<Contents><Key>list/a</Key><LastModified>\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>6</Size><Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents>$`,
      ),
    );
    assert.equal(textIn(got.text, 'MaxKeys'), '1000');
    assert.equal(textIn(got.text, 'IsTruncated'), 'false');
    for (const name of ['Delimiter', 'NextMarker', 'EncodingType']) assert.doesNotMatch(got.text, new RegExp(name));
  });

  test('page by page, with common prefixes', async () => {
    const pages: string[][] = [];
    for (let marker: string | undefined = ''; marker !== undefined; ) {
      const { text } = await get(`/?prefix=list/&delimiter=/&max-keys=2&marker=${encodeURIComponent(marker)}`);
      pages.push([...textsIn(text, 'Key'), ...textsIn(text, 'Prefix').slice(1)]);
      marker = textIn(text, 'NextMarker');
      assert.equal(textIn(text, 'IsTruncated'), String(marker !== undefined));
    }
    assert.deepEqual(pages, [
      ['list/a', 'list/b/'],
      ['list/c d', 'list/腾'],
    ]);
  });

  test('encoded where that is asked for', async () => {
    const { text } = await get('/?prefix=list/c%20&encoding-type=url&delimiter=%20&marker=list/c');
    assert.equal(textIn(text, 'EncodingType'), 'url');
    assert.deepEqual(textsIn(text, 'Key'), ['list/c%20d']);
    assert.deepEqual(textsIn(text, 'Prefix'), ['list/c%20']);
    assert.equal(textIn(text, 'Delimiter'), '%20');
    assert.equal(textIn((await get('/?prefix=list/&encoding-type=url&max-keys=4')).text, 'NextMarker'), 'list/c%20d');
  });

  test('of none, and what is none', async () => {
    const nothing = (await get('/?max-keys=0')).text;
    assert.deepEqual([textsIn(nothing, 'Key'), textIn(nothing, 'IsTruncated')], [[], 'false']);
    assert.equal(textIn((await get('/?max-keys=5000')).text, 'MaxKeys'), '1000');
    await refused(get('/?max-keys=-1'), 400, 'InvalidArgument');
    await refused(get('/?max-keys=x'), 400, 'InvalidArgument');
    await refused(get('/?delimiter=ab'), 400, 'InvalidDelimiter');
    await refused(get('/?encoding-type=html'), 400, 'InvalidArgument');
    await refused(shop.ask('GET', '/', { unsigned: true }), 403, 'AccessDenied');
  });
});

describe('configurations', () => {
  const CORS =
    '<CORSConfiguration><CORSRule><ID>1</ID><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>X-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule></CORSConfiguration>';
  const LIFECYCLE =
    '<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Prefix>x/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Enabled</Status><Transition><Days>30</Days><StorageClass>ARCHIVE</StorageClass></Transition><Expiration><Days>60</Days></Expiration><NoncurrentVersionTransition><NoncurrentDays>3</NoncurrentDays><StorageClass>STANDARD_IA</StorageClass></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>9</NoncurrentDays></NoncurrentVersionExpiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule><Rule><ID>b</ID><Filter><Prefix>y</Prefix></Filter><Status>Disabled</Status><Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration></Rule><Rule><ID>c</ID><Filter><Prefix/></Filter><Status>Enabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule></LifecycleConfiguration>';
  const TAGGING =
    '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value/></Tag></TagSet></Tagging>';
  const POLICY =
    '{"version":"2.0","Statement":[{"effect":"allow","principal":{"qcs":["qcs::cam::anyone:anyone"]},"action":["name/cos:GetObject"],"resource":["qcs::cos:ap-guangzhou:uid/1250000000:pictures-1250000000/*"]}]}';

  for (const [sub, body, put_, removed, missing] of [
    ['cors', CORS, 200, 204, 'NoSuchCORSConfiguration'],
    ['lifecycle', LIFECYCLE, 200, 204, 'NoSuchLifecycleConfiguration'],
    ['tagging', TAGGING, 204, 204, 'NoSuchTagSet'],
    ['policy', POLICY, 204, 204, 'NoSuchPolicy'],
    [
      'website',
      '<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>',
      200,
      204,
      'NoSuchWebsiteConfiguration',
    ],
    [
      'domain',
      '<DomainConfiguration><DomainRule><Status>ENABLED</Status><Name>a.com</Name><Type>REST</Type></DomainRule></DomainConfiguration>',
      200,
      204,
      'NoSuchConfiguration',
    ],
    [
      'origin',
      '<OriginConfiguration><OriginRule><OriginType>Mirror</OriginType><OriginInfo><HostInfo><HostName>a.com</HostName></HostInfo></OriginInfo></OriginRule></OriginConfiguration>',
      200,
      204,
      'OriginConfigurationNotFoundError',
    ],
    [
      'encryption',
      '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
      200,
      204,
      'NoSuchEncryptionConfiguration',
    ],
    [
      'object-lock',
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
      200,
      405,
      'NoSuchObjectLockConfiguration',
    ],
  ] as const)
    test(`?${sub} is kept, given back and removed`, async () => {
      await refused(get(`/?${sub}`), 404, missing);
      const stored = await put(`/?${sub}`, body);
      assert.equal(stored.status, put_, stored.text);
      const got = await get(`/?${sub}`);
      assert.equal(got.status, 200);
      assert.equal(got.headers['content-type'], 'application/xml');
      assert.equal(inner(got.text), body);
      const gone = await remove(`/?${sub}`);
      assert.equal(gone.status, removed, gone.text);
      if (removed === 204) await refused(get(`/?${sub}`), 404, missing);
    });

  for (const [sub, root] of [
    ['logging', 'BucketLoggingStatus'],
    ['accelerate', 'AccelerateConfiguration'],
    ['intelligenttiering', 'IntelligentTieringConfiguration'],
  ] as const)
    test(`?${sub} is empty before it is set`, async () => {
      assert.equal(inner((await get(`/?${sub}`)).text), `<${root}/>`);
      const body = `<${root}><Status>Enabled</Status></${root}>`;
      assert.equal((await put(`/?${sub}`, body)).status, 200);
      assert.equal(inner((await get(`/?${sub}`)).text), body);
    });

  test('?referer is taken away by an empty body', async () => {
    const body = '<RefererConfiguration><Status>Disabled</Status></RefererConfiguration>';
    for (const given of [body, '']) {
      assert.equal((await put('/?referer', given)).status, 200);
      assert.equal(inner((await get('/?referer')).text), given || '<RefererConfiguration/>');
    }
    assert.equal((await remove('/?referer')).status, 405);
  });

  for (const [sub, body, code] of [
    ['cors', '<CORSConfiguration/>', 'MalformedXML'],
    ['cors', CORS.replace('GET', 'PATCH'), 'InvalidArgument'],
    ['cors', CORS.replace('X-*', '*-*'), 'InvalidArgument'],
    ['cors', CORS.replace('600', 'soon'), 'MalformedXML'],
    ['cors', `<CORSConfiguration>${CORS.slice(19, -20).repeat(101)}</CORSConfiguration>`, 'MalformedXML'],
    ['lifecycle', LIFECYCLE.replace('Enabled', 'On'), 'MalformedXML'],
    ['lifecycle', LIFECYCLE.replace('<ID>b', '<ID>a'), 'InvalidArgument'],
    ['lifecycle', LIFECYCLE.replace('ARCHIVE', 'ICE'), 'NotSupportedStorageClass'],
    ['lifecycle', LIFECYCLE.replace('<Days>60</Days>', ''), 'MalformedXML'],
    ['tagging', TAGGING.replace('>b<', '>a<'), 'InvalidTag'],
    ['tagging', `<Tagging><TagSet>${TAGGING.slice(17, 60)}`, 'MalformedXML'],
    ['policy', '{', 'MalformedPolicy'],
    ['policy', '[]', 'MalformedPolicy'],
    ['policy', POLICY.replace('allow', 'maybe'), 'MalformedPolicy'],
    ['policy', POLICY.replace('principal', 'notprincipal'), 'MalformedPolicy'],
    ['website', '<CORSConfiguration/>', 'MalformedXML'],
    ['website', `<WebsiteConfiguration>${' '.repeat(65_536)}</WebsiteConfiguration>`, 'XMLSizeLimit'],
    ['versioning', '<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>', 'MalformedXML'],
    ['acl', '<AccessControlPolicy/>', 'MalformedXML'],
    ['cors', '', 'MissingRequestBodyError'],
    ['acl', '', 'MissingRequestBodyError'],
  ] as const)
    test(`?${sub} refuses ${body.slice(0, 60) || 'nothing'}: ${code}`, () => refused(put(`/?${sub}`, body), 400, code));

  test('inventories by their ids', async () => {
    const body = (id: string) =>
      `<?xml version="1.0"?>\n<!-- <Id/> --><InventoryConfiguration><Id>${id}</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Schedule><Frequency>Daily</Frequency></Schedule><Destination><COSBucketDestination><Bucket>b</Bucket><Format>CSV</Format></COSBucketDestination></Destination></InventoryConfiguration>`;
    const bare = (id: string) => inner(body(id)).replace('<!-- <Id/> -->', '');
    await refused(get('/?inventory&id=a'), 404, 'InventoryConfigurationNotFoundError');
    for (const id of ['a', 'b']) assert.equal((await put(`/?inventory&id=${id}`, body(id))).status, 200);
    assert.equal((await get('/?inventory&id=a')).text, body('a'));
    assert.equal(
      inner((await get('/?inventory')).text),
      `<ListInventoryConfigurationResult>${bare('a')}${bare('b')}<IsTruncated>false</IsTruncated></ListInventoryConfigurationResult>`,
    );
    await refused(put('/?inventory&id=c', body('a')), 400, 'InvalidArgument');
    await put('/?inventory&id=b', body('b').replace('>true<', '>True<'));
    assert.equal(textIn((await get('/?inventory&id=b')).text, 'IsEnabled'), 'true');
    assert.equal((await remove('/?inventory&id=a')).status, 204);
    await refused(get('/?inventory&id=a'), 404, 'InventoryConfigurationNotFoundError');
    assert.equal((await remove('/?inventory&id=a')).status, 204);
    assert.equal((await get('/?inventory&id=b')).status, 200);
    for (const id of ['constructor', '__proto__', 'toString']) {
      await refused(get(`/?inventory&id=${id}`), 404, 'InventoryConfigurationNotFoundError');
      assert.equal((await remove(`/?inventory&id=${id}`)).status, 204);
    }
    assert.equal((await put('/?inventory&id=__proto__', body('__proto__'))).status, 200);
    assert.equal((await get('/?inventory&id=__proto__')).text, body('__proto__'));
    assert.equal((await remove('/?inventory&id=__proto__')).status, 204);
  });

  test('a policy says Statement, however it was written', async () => {
    await put('/?policy', POLICY.replace('Statement', 'statement'));
    assert.deepEqual(JSON.parse((await get('/?policy')).text), JSON.parse(POLICY));
    await remove('/?policy');
  });

  test('a policy lets others in', async () => {
    await shop.house.put('free', 'x');
    await refused(shop.ask('GET', '/free', { unsigned: true }), 403, 'AccessDenied');
    await put('/?policy', POLICY);
    assert.equal((await shop.ask('GET', '/free', { unsigned: true })).text, 'x');
    await remove('/?policy');
  });
});

describe('access control lists', () => {
  const grants = (text: string) =>
    [...text.matchAll(/<Grant>.*?<\/Grant>/g)].map(([grant]) => [
      textIn(grant, 'ID') ?? textIn(grant, 'URI'),
      textIn(grant, 'Permission'),
    ]);
  const EVERYBODY = 'http://cam.qcloud.com/groups/global/AllUsers';
  const FRIEND = 'qcs::cam::uin/200000000002:uin/200000000002';

  test('of a bucket, by headers', async () => {
    const headers = { 'x-cos-acl': 'public-read', 'x-cos-grant-write': `id="200000000002", id="${FRIEND}"` };
    assert.equal((await put('/?acl', '', headers)).status, 200);
    const { text } = await get('/?acl');
    assert.equal(textIn(text, 'ID'), ROOT);
    assert.deepEqual(grants(text), [
      [ROOT, 'FULL_CONTROL'],
      [EVERYBODY, 'READ'],
      [FRIEND, 'WRITE'],
      [FRIEND, 'WRITE'],
    ]);
    assert.equal((await shop.ask('GET', '/', { unsigned: true })).status, 200);
    await refused(shop.ask('GET', '/none', { unsigned: true }), 404, 'NoSuchKey');
    await put('/?acl', '', { 'x-cos-acl': 'private' });
    await refused(shop.ask('GET', '/', { unsigned: true }), 403, 'AccessDenied');
  });

  test('by what was read before', async () => {
    await put('/?acl', '', { 'x-cos-acl': 'public-read-write', 'x-cos-grant-full-control': `id="${FRIEND}"` });
    const { text } = await get('/?acl');
    await put('/?acl', '', { 'x-cos-acl': 'private' });
    assert.equal((await put('/?acl', text)).status, 200);
    assert.equal((await get('/?acl')).text, text);
    assert.equal((await shop.ask('PUT', '/anyone', { body: 'x', unsigned: true })).status, 200);
    await put('/?acl', '', { 'x-cos-acl': 'private' });
  });

  test('of an object: inherited until it has its own', async () => {
    await shop.house.put('listed', 'x');
    const inherited = await get('/listed?acl');
    assert.equal(inherited.headers['x-cos-acl'], 'default');
    assert.deepEqual(grants(inherited.text), [[ROOT, 'FULL_CONTROL']]);
    assert.equal((await put('/listed?acl', '', { 'x-cos-acl': 'public-read' })).status, 200);
    const own = await get('/listed?acl');
    assert.equal(own.headers['x-cos-acl'], undefined);
    assert.deepEqual(grants(own.text), [
      [ROOT, 'FULL_CONTROL'],
      [EVERYBODY, 'READ'],
    ]);
    assert.equal((await shop.ask('GET', '/listed', { unsigned: true })).text, 'x');
    assert.equal((await put('/listed?acl', '', { 'x-cos-acl': 'default' })).status, 200);
    await refused(shop.ask('GET', '/listed', { unsigned: true }), 403, 'AccessDenied');
    await refused(get('/none?acl'), 404, 'NoSuchKey');
  });

  test('are refused with strangers and too many', async () => {
    const one = '<Grant><Grantee><ID>nobody</ID></Grantee><Permission>READ</Permission></Grant>';
    const list = (grants: string) =>
      `<AccessControlPolicy><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
    await refused(put('/?acl', list(one)), 400, 'InvalidArgument');
    await refused(put('/?acl', list(one.replace('READ', 'LOOK'))), 400, 'MalformedXML');
    await refused(put('/?acl', list(one.replace('nobody', '1').repeat(101))), 400, 'InvalidArgument');
  });
});

describe('tags of an object', () => {
  const TAGGING = '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';

  test('are set, read and taken away', async () => {
    await shop.house.put('tagged', 'x');
    assert.equal(inner((await get('/tagged?tagging')).text), '<Tagging><TagSet/></Tagging>');
    assert.equal((await put('/tagged?tagging', TAGGING)).status, 200);
    assert.equal(inner((await get('/tagged?tagging')).text), TAGGING);
    assert.equal((await remove('/tagged?tagging')).status, 204);
    assert.equal(inner((await get('/tagged?tagging')).text), '<Tagging><TagSet/></Tagging>');
    await refused(put('/none?tagging', TAGGING), 404, 'NoSuchKey');
    const eleven = Array.from({ length: 11 }, (_, i) => `<Tag><Key>${i}</Key></Tag>`).join('');
    await refused(put('/tagged?tagging', `<Tagging><TagSet>${eleven}</TagSet></Tagging>`), 400, 'InvalidTag');
  });
});

describe('requests of other origins', () => {
  const origin = 'https://www.example.com';
  const preflight = (headers: Readonly<Record<string, string>>, target = '/a') =>
    shop.ask('OPTIONS', target, { headers, unsigned: true });
  const asks = { Origin: origin, 'Access-Control-Request-Method': 'PUT' };
  const rule = (from: string) =>
    `<CORSConfiguration><CORSRule><AllowedOrigin>${from}</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>x-cos-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-cos-request-id</ExposeHeader><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>`;

  test('are refused before there are rules', () => refused(preflight(asks), 403, 'AccessForbidden'));

  test('are allowed by a rule, and real answers say so', async () => {
    await put('/?cors', rule('https://*.example.com'));
    await shop.house.put('shared', 'x');
    const got = await preflight({ ...asks, 'Access-Control-Request-Headers': 'X-Cos-Acl, x-cos-meta-a' });
    assert.equal(got.status, 200, got.text);
    assert.equal(got.headers['access-control-allow-origin'], origin);
    assert.equal(got.headers['access-control-allow-methods'], 'PUT,GET');
    assert.equal(got.headers['access-control-allow-headers'], 'x-cos-acl,x-cos-meta-a');
    assert.equal(got.headers['access-control-max-age'], '5');
    assert.match(String(got.headers.vary), /Origin/);
    assert.equal((await preflight(asks, '/a?uploads')).status, 200);
    assert.equal((await preflight(asks, '/')).status, 200);

    const real = await get('/shared', { headers: { Origin: origin } });
    assert.equal(real.headers['access-control-allow-origin'], origin);
    assert.equal(real.headers['access-control-expose-headers'], 'ETag,x-cos-request-id');
    assert.equal(real.headers.vary, 'Origin');
    const missing = await get('/missing', { headers: { Origin: origin } });
    assert.deepEqual([missing.status, missing.headers['access-control-allow-origin']], [404, origin]);
    assert.equal((await get('/shared')).headers['access-control-allow-origin'], undefined);
    const other = await get('/shared', { headers: { Origin: 'https://evil.com' } });
    assert.deepEqual([other.status, other.headers['access-control-allow-origin']], [200, undefined]);
  });

  test('are refused by all rules', async () => {
    await refused(preflight({ ...asks, Origin: 'https://example.com' }), 403, 'AccessForbidden');
    await refused(preflight({ ...asks, 'Access-Control-Request-Method': 'DELETE' }), 403, 'AccessForbidden');
    await refused(preflight({ ...asks, 'Access-Control-Request-Headers': 'x-other' }), 403, 'AccessForbidden');
    await refused(preflight({ Origin: origin }), 400, 'InvalidArgument');
    await refused(shop.ask('OPTIONS', '/a', { headers: asks, host: 'none-1.localhost' }), 404, 'NoSuchBucket');
  });

  test('from anywhere', async () => {
    await put('/?cors', rule('*').replace('</CORSRule>', '</CORSRule><ResponseVary>true</ResponseVary>'));
    const got = await get('/shared', { headers: { Origin: origin } });
    assert.equal(got.headers['access-control-allow-origin'], '*');
    assert.equal(got.headers.vary, 'Origin');
    assert.equal((await get('/shared')).headers.vary, 'Origin');
  });
});

test('hosts are claimed, others are not', async () => {
  const { cosSite } = await import('./site.ts');
  const site = cosSite({ endpoints: ['cos.test'] } as never);
  for (const host of [HOST, SERVICE, 'cos.test', `${BUCKET}.cos.test`]) assert.ok(site.claims(host, '/', {}), host);
  for (const host of ['localhost', 'x.cos.test', 'ap-guangzhou.cls.myqcloud.com', `${BUCKET}.example.com`])
    assert.ok(!site.claims(host, '/', {}), host);
});
