// Documents that the object store is sent: each sound one, where it goes, and ways to spoil it.

import { type Draw, mutated } from './mutate.ts';

export interface Sent {
  readonly method: 'PUT' | 'POST';
  /** Behind the bucket's host. */
  readonly target: string;
  readonly body: string;
  /** What was taken can be read there, and sent again. */
  readonly kept: boolean;
}

const config = (sub: string, body: string): Sent => ({ method: 'PUT', target: `/?${sub}`, body, kept: true });

const COPY_TO = '<Destination><Bucket>qcs::cos:ap-guangzhou::copies-1250000000</Bucket></Destination>';
const OWNER = 'qcs::cam::uin/100000000001:uin/100000000001';

export const DOCUMENTS: readonly Sent[] = [
  {
    method: 'POST',
    target: '/?delete',
    body: '<Delete><Quiet>false</Quiet><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>MTg0</VersionId></Object></Delete>',
    kept: false,
  },
  {
    method: 'POST',
    target: '/object?uploadId=17000000000000',
    body: '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"0cc175b9c0f1b6a831c399e269772661"</ETag></Part><Part><PartNumber>2</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>',
    kept: false,
  },
  {
    method: 'POST',
    target: '/archived?restore',
    body: '<RestoreRequest><Days>3</Days><CASJobParameters><Tier>Expedited</Tier></CASJobParameters></RestoreRequest>',
    kept: false,
  },
  config('versioning', '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'),
  config(
    'acl',
    `<AccessControlPolicy><Owner><ID>${OWNER}</ID><DisplayName>${OWNER}</DisplayName></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://cam.qcloud.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant><Grant><Grantee xsi:type="CanonicalUser"><ID>qcs::cam::uin/1:uin/1</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`,
  ),
  config(
    'cors',
    '<CORSConfiguration><CORSRule><ID>1</ID><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>X-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>',
  ),
  config(
    'lifecycle',
    '<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Prefix>x/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Disabled</Status><Transition><Days>30</Days><StorageClass>ARCHIVE</StorageClass></Transition><Expiration><Days>60</Days></Expiration></Rule><Rule><ID>b</ID><Filter><Prefix>y</Prefix></Filter><Status>Disabled</Status><Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>',
  ),
  config(
    'tagging',
    '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value/></Tag></TagSet></Tagging>',
  ),
  {
    ...config('tagging', '<Tagging><TagSet><Tag><Key>a</Key><Value>1 &lt; 2</Value></Tag></TagSet></Tagging>'),
    target: '/object?tagging',
  },
  config(
    'website',
    '<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument><ErrorDocument><Key>e.html</Key></ErrorDocument></WebsiteConfiguration>',
  ),
  config(
    'domain',
    '<DomainConfiguration><DomainRule><Status>ENABLED</Status><Name>a.com</Name><Type>REST</Type></DomainRule></DomainConfiguration>',
  ),
  config(
    'origin',
    '<OriginConfiguration><OriginRule><RulePriority>1</RulePriority><OriginType>Mirror</OriginType><OriginCondition><HTTPStatusCode>404</HTTPStatusCode><Prefix>none</Prefix></OriginCondition><OriginParameter><Protocol>HTTP</Protocol></OriginParameter><OriginInfo><HostInfo><HostName>a.invalid</HostName></HostInfo></OriginInfo></OriginRule></OriginConfiguration>',
  ),
  config(
    'logging',
    '<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs-1250000000</TargetBucket><TargetPrefix>p</TargetPrefix></LoggingEnabled></BucketLoggingStatus>',
  ),
  config(
    'replication',
    `<ReplicationConfiguration><Role>${OWNER}</Role><Rule><ID>r</ID><Status>Disabled</Status><Prefix>none</Prefix>${COPY_TO}</Rule></ReplicationConfiguration>`,
  ),
  config(
    'encryption',
    '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  ),
  config('accelerate', '<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>'),
  config(
    'referer',
    '<RefererConfiguration><Status>Enabled</Status><RefererType>White-List</RefererType><DomainList><Domain>*.example.com</Domain></DomainList><EmptyReferConfiguration>Allow</EmptyReferConfiguration></RefererConfiguration>',
  ),
  config(
    'intelligenttiering',
    '<IntelligentTieringConfiguration><Status>Enabled</Status><Transition><Days>30</Days></Transition></IntelligentTieringConfiguration>',
  ),
  config(
    'object-lock',
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  ),
  config(
    'inventory&id=i',
    '<InventoryConfiguration><Id>i</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Schedule><Frequency>Daily</Frequency></Schedule><Destination><COSBucketDestination><Bucket>b</Bucket><Format>CSV</Format></COSBucketDestination></Destination></InventoryConfiguration>',
  ),
  config(
    'policy',
    '{"version":"2.0","Statement":[{"effect":"allow","principal":{"qcs":["qcs::cam::anyone:anyone"]},"action":["name/cos:GetObject"],"resource":["qcs::cos:ap-guangzhou:uid/1250000000:pictures-1250000000/*"],"condition":{"ip_equal":{"qcs:ip":["10.0.0.0/8"]}}}]}',
  ),
];

/** What parsers of XML have been led astray by. */
const SNAGS = [
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
  '<!-- - -->',
  '<!-- <Rule> -->',
  '<![CDATA[<Key>]]>',
  '<?xml version="1.0"?>',
  '<?a b?>',
  '&b;',
  '&#0;',
  '&#xD;&#10;',
  '&#x10FFFF;',
  '&amp;amp;',
  '\ufeff',
  '\u0000',
  '😀中',
  '<__proto__/>',
  '<constructor>1</constructor>',
  '<Rule/>',
  ' xmlns="a"',
  ']]>',
  '-1',
  '999999999999999999999',
  '1e3',
  '+275760-09-13T00:00:00Z',
  'x'.repeat(3000),
  '<a>'.repeat(40),
];

type Change = (text: string, draw: Draw) => string;

const ELEMENT = /<([A-Za-z]+)[^<>]*>[^<]*<\/\1>|<[A-Za-z]+\/>/g;
const TEXT = /(?<=>)[^<>]+(?=<)/g;
const TAG = /<\/?[A-Za-z]+/g;

/** One of those that fit gets another text. */
function replaced(text: string, what: RegExp, draw: Draw, by: (found: string) => string): string {
  const all = [...text.matchAll(what)];
  const one = all[draw(Math.max(1, all.length))];
  if (!one) return text;
  return text.slice(0, one.index) + by(one[0]) + text.slice(one.index + one[0].length);
}

const snag = (draw: Draw) => SNAGS[draw(SNAGS.length)] ?? '';
const CHANGES: readonly Change[] = [
  (text, draw) => replaced(text, ELEMENT, draw, one => one + one),
  (text, draw) => replaced(text, ELEMENT, draw, () => ''),
  (text, draw) => replaced(text, TEXT, draw, () => snag(draw)),
  (text, draw) => replaced(text, TEXT, draw, one => one + snag(draw)),
  (text, draw) => replaced(text, TEXT, draw, () => ''),
  (text, draw) => replaced(text, TEXT, draw, one => ` \n${one}\t`),
  (text, draw) => replaced(text, TAG, draw, one => `${one}X`),
  (text, draw) => replaced(text, TAG, draw, one => one.toLowerCase()),
  (text, draw) => replaced(text, ELEMENT, draw, one => `${snag(draw)}${one}`),
  (text, draw) => snag(draw) + text,
  (text, draw) => text + snag(draw),
  mutated,
];

/** One to three changes; now and then none. */
export function spoiled(text: string, draw: Draw): string {
  let changed = text;
  for (let i = draw(4); i > 0; i--) changed = (CHANGES[draw(CHANGES.length)] ?? (same => same))(changed, draw);
  return changed;
}
