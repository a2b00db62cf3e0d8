import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readXml } from './readxml.ts';
import { SHAPES } from './shapes.ts';

const fits = (name: keyof typeof SHAPES, inner: string) => SHAPES[name](readXml(Buffer.from(`<a>${inner}</a>`), 'a'));

const INDEX = '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>';
const LIST =
  '<RefererType>White-List</RefererType><DomainList><Domain>a.com</Domain><Domain>b.com</Domain></DomainList>';
const sse = (name: string, algorithm: string) =>
  `<Rule><${name}><SSEAlgorithm>${algorithm}</SSEAlgorithm></${name}></Rule>`;
const INVENTORY =
  '<Id>i</Id><IsEnabled>True</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Schedule><Frequency>Weekly</Frequency></Schedule><Destination><COSBucketDestination><Bucket>b</Bucket><Format>CSV</Format></COSBucketDestination></Destination>';
const TIERING =
  '<Id>a</Id><Status>Enabled</Status><Tiering><AccessTier>ARCHIVE_ACCESS</AccessTier><Days>90</Days></Tiering>';
const DOMAIN = '<DomainRule><Name>a.com</Name><Status>ENABLED</Status><Type>REST</Type></DomainRule>';

describe('configurations as the documents write them', () => {
  for (const [name, inner] of [
    ['website', INDEX],
    ['website', `${INDEX}<ErrorDocument><Key>e</Key></ErrorDocument><RoutingRules><RoutingRule/></RoutingRules>`],
    ['website', '<RedirectAllRequestsTo><Protocol>https</Protocol></RedirectAllRequestsTo>'],
    ['domain', DOMAIN + DOMAIN],
    ['domain', DOMAIN.replace('a.com', 'x-1.腾讯.example')],
    ['logging', ''],
    ['logging', '<LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix/></LoggingEnabled>'],
    ['encryption', sse('ApplySideEncryptionConfiguration', 'AES256')],
    ['encryption', sse('ApplyServerSideEncryptionByDefault', 'KMS')],
    ['accelerate', '<Status>Suspended</Status><Type>COS</Type>'],
    ['referer', '<Status>Disabled</Status>'],
    ['referer', `<Status>Enabled</Status>${LIST}<EmptyReferConfiguration>Allow</EmptyReferConfiguration>`],
    ['intelligenttiering', '<Status>Enabled</Status><Transition><Days>30</Days></Transition>'],
    ['intelligent-tiering', TIERING],
    ['intelligent-tiering', `${TIERING}<Filter><Prefix>a</Prefix></Filter>`],
    ['object-lock', '<ObjectLockEnabled>Enabled</ObjectLockEnabled>'],
    ['inventory', INVENTORY],
    ['inventory', `${INVENTORY}<Filter><Prefix>x</Prefix></Filter><Later/>`],
  ] as const)
    test(`${name}: ${inner || 'nothing'}`, () => fits(name, inner));
});

describe('others are refused', () => {
  for (const [name, inner] of [
    ['website', ''],
    ['website', '<IndexDocument/>'],
    ['website', INDEX + INDEX],
    ['website', `${INDEX}<ErrorDocument/>`],
    ['website', '<RedirectAllRequestsTo><Protocol>ftp</Protocol></RedirectAllRequestsTo>'],
    ['domain', ''],
    ['domain', DOMAIN + DOMAIN.replace('ENABLED', 'on')],
    ['domain', DOMAIN.replace('a.com', '111')],
    ['domain', DOMAIN.replace('a.com', 'https://a.com')],
    ['domain', DOMAIN.replace('a.com', '.com')],
    ['logging', '<LoggingEnabled/>'],
    ['encryption', ''],
    ['encryption', '<Rule/>'],
    ['encryption', sse('ApplySideEncryptionConfiguration', 'ROT13')],
    ['accelerate', '<Status>Enabled</Status><Status>Enabled</Status>'],
    ['accelerate', '<Status>Fast</Status>'],
    ['referer', '<Status>Enabled</Status>'],
    ['referer', `<Status>Enabled</Status>${LIST.replace('White', 'Grey')}`],
    ['referer', `<Status>Enabled</Status>${LIST}<EmptyReferConfiguration>Ask</EmptyReferConfiguration>`],
    ['intelligenttiering', ''],
    ['intelligenttiering', '<Status>Enabled</Status><Transition><Days>soon</Days></Transition>'],
    ['intelligent-tiering', '<Id>a</Id><Status>Enabled</Status>'],
    ['intelligent-tiering', TIERING.replace('<Id>a</Id>', '')],
    ['intelligent-tiering', TIERING.replace('ARCHIVE_ACCESS', 'HOT')],
    ['intelligent-tiering', TIERING.replace('90', 'soon')],
    ['object-lock', '<ObjectLockEnabled>Disabled</ObjectLockEnabled>'],
    ['inventory', INVENTORY.replace('Weekly', 'Yearly')],
    ['inventory', INVENTORY.replace('True', 'Yes')],
    ['inventory', INVENTORY.replace('<Bucket>b</Bucket>', '')],
    ['inventory', INVENTORY.replace('All', 'Some')],
  ] as const)
    test(`${name}: ${inner || 'nothing'}`, () => assert.throws(() => fits(name, inner), { code: 'MalformedXML' }));
});
